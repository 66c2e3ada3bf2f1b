"""Decorate a project's own views that log out."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from django_logout.decorators import check_view, exempt
from django_logout.web.csrf import CSRF_FAILED, csrf_protect
from django_logout.web.views.logout import LogoutView

P = ParamSpec("P")
R = TypeVar("R")


def ends_sessions(view: Callable[P, R]) -> Callable[P, R]:
    """Give a function view that logs out, sync or async, the protections of ``LogoutView``::

        @require_POST
        @ends_sessions
        def logout_view(request):
            logout(request)
            return redirect("cars_list")

    A stale CSRF token leads to the confirmation page instead of a 403, unless the browser's own
    headers prove that the request comes from this site. ``finish_logouts`` of ``django_logout.asgi``
    lets the view finish even if its client disconnects. The logout is not part of a transaction
    that could roll it back. The view needs no login, and its responses are never cached.
    """
    check_view("ends_sessions", view)
    is_async = iscoroutinefunction(view)
    confirm: Callable[..., Any] = sync_to_async(_confirmation) if is_async else _confirmation

    @wraps(view)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Any:
        request: Any = next(iter(args), None) or kwargs.get("request")
        if hasattr(request, CSRF_FAILED):
            return confirm(request)
        return view(*args, **kwargs)

    # Its responses are awaitable like those of the view.
    wrapped = markcoroutinefunction(wrapped) if is_async else wrapped
    protected: Any = never_cache(csrf_protect(wrapped))
    return cast(Callable[P, R], exempt(protected))


def _confirmation(request: HttpRequest) -> HttpResponse:
    # The page does not offer to log out everywhere: the project's view decides what ends.
    confirming = LogoutView(extra_context={"no_choice": True})
    confirming.setup(request)
    return confirming.csrf_failed_response()
