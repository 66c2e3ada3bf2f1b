"""A visitor without a network: real requests, through the project's own middleware, in this process."""

from __future__ import annotations

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

#: Not among the project's URLs, so that none of its views has to take part.
PATH = "/django-logout-rehearsal/"


class Visitor:
    """Keeps cookies, as a browser does."""

    def __init__(self, cookie: str | None = None) -> None:
        self._client = Client(raise_request_exception=False, SERVER_NAME=_a_host_of_ours())
        self._client.handler = self._handler = _Handler()
        self.held: set[str] = set()
        "Every session cookie it has been given. Secret."
        if cookie is not None:
            self._client.cookies[settings.SESSION_COOKIE_NAME] = cookie

    @property
    def cookie(self) -> str:
        """Value of the session cookie. Secret."""
        morsel = self._client.cookies.get(settings.SESSION_COOKIE_NAME)
        return "" if morsel is None else str(morsel.value)

    def visit(self) -> Any:
        """Call on a page that does nothing."""
        return self._call(lambda request: HttpResponse())

    def log_in(self, user: Any) -> Any:
        """Log in, as a login view does once it has seen the password."""

        def view(request: HttpRequest) -> HttpResponse:
            with session_limits.rehearsal():
                login(request, user, backend=_backend())
            return HttpResponse()

        return self._call(view)

    def get(self, path: str) -> Any:
        """Call on a page of the project."""
        return self._ask(self._client.get, without_prefix(path))

    def post(self, path: str) -> Any:
        """Press a button of the project."""
        return self._ask(self._client.post, without_prefix(path))

    def _call(self, view: View) -> Any:
        self._handler.view = login_not_required(view)
        return self._ask(self._client.get, PATH)

    def _ask(self, method: Callable[..., Any], path: str) -> Any:
        response = method(path, secure=True)
        if self.cookie:
            self.held.add(self.cookie)
        return response


class _Handler(ClientHandler):
    """Django's own handler; only our own path goes to a view of ours."""

    view: View

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=False)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        if request.path_info != PATH:
            return super().resolve_request(request)
        request.resolver_match = ResolverMatch(self.view, (), {})
        return request.resolver_match


def is_signed_in(response: Any) -> bool:
    """Whether the request of this response was served as somebody."""
    return bool(response.wsgi_request.user.is_authenticated)


def without_prefix(path: str) -> str:
    """Without the prefix under which a web server hangs the project."""
    return "/" + path.removeprefix(get_script_prefix())


def _a_host_of_ours() -> str:
    named = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return named[0] if named else "localhost"


def _backend() -> str:
    backends = settings.AUTHENTICATION_BACKENDS
    return next(path for path in backends if hasattr(load_backend(path), "get_user"))
