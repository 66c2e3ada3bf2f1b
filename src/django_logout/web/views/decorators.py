"""Decorate a project's own views that log out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from django_logout.decorators import exempt
from django_logout.web.csrf import CSRF_FAILED, csrf_protect
from django_logout.web.views.logout import LogoutView


def ends_sessions(view: Callable[..., Any]) -> Any:
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
    is_async = iscoroutinefunction(view)
    confirm: Callable[..., Any] = sync_to_async(_confirmation) if is_async else _confirmation

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if hasattr(request, CSRF_FAILED):
            return confirm(request)
        return view(request, *args, **kwargs)

    # Its responses are awaitable like those of the view.
    wrapped = markcoroutinefunction(wrapped) if is_async else wrapped
    return exempt(never_cache(csrf_protect(wrapped)))


def _confirmation(request: HttpRequest) -> HttpResponse:
    # The page does not offer to log out everywhere: the project's view decides what ends.
    confirming = LogoutView(extra_context={"no_choice": True})
    confirming.setup(request)
    return confirming.csrf_failed_response()
