"""Guards the session of every request, and settles it before the response leaves.

Stands after ``AuthenticationMiddleware``: inside ``SessionMiddleware``, outside the view and
its transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse

from django_logout.guard.install import guard, install_guard, needs_finalizing
from django_logout.guard.presented import ATTACHED, set_anonymous_user
from django_logout.utils.context import current_request
from django_logout.utils.lazy import lazy_import
from django_logout.web.headers import forbid_storing

GetResponse = Callable[[HttpRequest], HttpResponse]
AsyncGetResponse = Callable[[HttpRequest], Awaitable[HttpResponse]]

# Of requests with which something has become of the session, which most have not.
finalize_sessions, error_response = (
    lazy_import("web.finalize.finalize_sessions"),
    lazy_import("web.finalize.error_response"),
)


class LogoutMiddleware:
    """See the module. Works under WSGI and ASGI, without a thread for either to be the other."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse | AsyncGetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._acall(request)
        session: Any = request.session
        if "_session_cache" in session.__dict__:  # loaded before us: to be looked at
            guard(session, request=request)
            if session.state.refused is not None:
                set_anonymous_user(request)  # a middleware before us may have asked who it is
        else:
            install_guard(session, request)
        token = current_request.set(request)
        try:
            response = cast(GetResponse, self.get_response)(request)
        finally:
            current_request.reset(token)
        forbid_storing(request, session, response)
        if needs_finalizing(request, session) or ATTACHED in vars(request):
            response = finalize_sessions(request, response, session)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponse:
        session: Any = request.session
        if "_session_cache" in session.__dict__:  # the same, with I/O
            await sync_to_async(guard)(session, request=request)
            if session.state.refused is not None:
                set_anonymous_user(request)
        else:
            install_guard(session, request)
        token = current_request.set(request)
        try:
            response = await cast(AsyncGetResponse, self.get_response)(request)
        finally:
            current_request.reset(token)
        forbid_storing(request, session, response)
        if needs_finalizing(request, session) or ATTACHED in vars(request):
            response = await sync_to_async(finalize_sessions)(request, response, session)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Errors of ours become answers of ours, wherever in the project they come from."""
        return cast(HttpResponse | None, error_response(request, exception))
