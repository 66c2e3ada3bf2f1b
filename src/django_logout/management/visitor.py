"""A browser without a network: its requests pass the project's own middleware in this process."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import load_backend, login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test.client import Client, ClientHandler
from django.urls import ResolverMatch, get_script_prefix

from django_logout.policies import session_limits

View = Callable[[HttpRequest], HttpResponse]

#: The path of this module's own views. It is not in the URLconf, so it shadows no view.
PATH = "/django-logout-rehearsal/"


class _Handler(ClientHandler):
    """Django's handler, which sends ``PATH`` to a view of this module."""

    view: View

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        if request.path_info != PATH:
            return super().resolve_request(request)
        request.resolver_match = ResolverMatch(self.view, (), {})
        return request.resolver_match


class Visitor(Client):
    """A client that keeps its cookies, and sends ``PATH`` to any view."""

    handler: _Handler

    def __init__(self, cookie: str | None = None) -> None:
        hosts = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*")
        super().__init__(raise_request_exception=False, SERVER_NAME=next(hosts, "localhost"))
        self.handler = _Handler(enforce_csrf_checks=False)
        self.cookies_seen: set[str] = set()
        "Every session cookie it has received. Secret."
        if cookie is not None:
            self.cookies[settings.SESSION_COOKIE_NAME] = cookie

    @property
    def cookie(self) -> str:
        """The value of the session cookie. Secret."""
        morsel = self.cookies.get(settings.SESSION_COOKIE_NAME)
        return "" if morsel is None else str(morsel.value)

    def request(self, **request: Any) -> Any:
        """Send a request, and remember the session cookie of the response."""
        response = super().request(**request)
        if self.cookie:
            self.cookies_seen.add(self.cookie)
        return response

    def visit(self, view: View = lambda request: HttpResponse()) -> Any:
        """Request a page that does nothing, or that this view serves."""
        self.handler.view = login_not_required(view)
        return self.get(PATH, secure=True)

    def log_in(self, user: Any) -> Any:
        """Log in, as a login view does after it has checked the password."""

        def view(request: HttpRequest) -> HttpResponse:
            backends = settings.AUTHENTICATION_BACKENDS
            backend = next(path for path in backends if hasattr(load_backend(path), "get_user"))
            with session_limits.rehearsal():
                login(request, user, backend=backend)
            return HttpResponse()

        return self.visit(view)


def is_logged_in(response: Any) -> bool:
    """Return whether the request of this response was served as a logged-in user's."""
    return bool(response.wsgi_request.user.is_authenticated)


def without_prefix(path: str) -> str:
    """Return the path without the prefix under which the web server mounts the project."""
    return "/" + path.removeprefix(get_script_prefix())
