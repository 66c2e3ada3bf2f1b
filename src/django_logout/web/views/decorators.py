"""Views of a project's own that log out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from django_logout.decorators import exempt
from django_logout.web.csrf import CSRF_FAILED, csrf_protect
from django_logout.web.views.logout import LogoutView


def ends_sessions(view: Callable[..., Any]) -> Any:
    """Decorate a function view that logs out, synchronous or not, with what ``LogoutView`` has
    beside its answers::

        @require_POST
        @ends_sessions
        def logout_view(request):
            logout(request)
            return redirect("cars_list")

    A stale CSRF token gets the question page instead of a 403, unless the browser itself vouches
    for the request; ``finish_logouts`` of ``django_logout.asgi`` lets it finish though its client
    hangs up; no transaction of the view's takes the logout back; it needs no login, and its
    answers are never cached.
    """
    wrapped: Any
    if iscoroutinefunction(view):

        @wraps(view)
        async def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if hasattr(request, CSRF_FAILED):
                return await sync_to_async(_ask_again)(request)
            return await view(request, *args, **kwargs)

    else:

        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return (
                _ask_again(request)
                if hasattr(request, CSRF_FAILED)
                else view(request, *args, **kwargs)
            )

    return exempt(never_cache(csrf_protect(wrapped)))


def _ask_again(request: HttpRequest) -> HttpResponse:
    # How far it reaches is up to the view: nobody is asked.
    asking = LogoutView(extra_context={"no_choice": True})
    asking.setup(request)
    return asking.csrf_failed_response()
