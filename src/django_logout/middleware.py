"""The middleware. It checks the session of each request and finalizes it before the response leaves.

It stands after ``AuthenticationMiddleware``: inside of ``SessionMiddleware``, and outside of the
view and its transaction.
"""

from functools import partial
from types import ModuleType
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse

from django_logout.guard.install import guard_session, needs_finalizing, session_of
from django_logout.guard.presented import (
    ATTACHED,
    BLACKLISTED,
    REFUSED,
    WITNESS_MISSING,
    set_anonymous_user,
)
from django_logout.utils.context import current_request
from django_logout.web.headers import forbid_storing, withdraws_cookie

#: Attributes of requests with work to do, even if their own session needs none.
NOTES = frozenset({ATTACHED, BLACKLISTED, REFUSED, WITNESS_MISSING})


class LogoutMiddleware:
    """Refuse ended and expired sessions, and save the session while errors can be answered.

    It supports WSGI and ASGI natively, so Django needs no extra thread for either.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self._acall(request)
        session = _guard(request)
        token = current_request.set(request)
        try:
            response = self.get_response(request)
        finally:
            current_request.reset(token)
        if session is not None:
            forbid_storing(request, session, response)
        own_too = _needs_finalizing(request, session, response)
        if own_too or not NOTES.isdisjoint(vars(request)):
            response = _finalize().finalize_sessions(request, response, session, own_too=own_too)
        _watch_stream(request, response)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponse:
        if "_session_cache" in getattr(session_of(request), "__dict__", ()):
            session = await sync_to_async(_guard)(request)
        else:
            session = _guard(request)
        token = current_request.set(request)
        try:
            response: HttpResponse = await self.get_response(request)
        finally:
            current_request.reset(token)
        if session is not None:
            forbid_storing(request, session, response)
        own_too = _needs_finalizing(request, session, response)
        if own_too or not NOTES.isdisjoint(vars(request)):
            response = await sync_to_async(_finalize().finalize_sessions)(
                request, response, session, own_too=own_too
            )
        _watch_stream(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Respond to an error about the session, wherever the project raised it."""
        response: HttpResponse | None = _finalize().error_response(request, exception)
        return response


def _finalize() -> ModuleType:
    """Import what most requests never need, because they only read their session."""
    from django_logout.web import finalize  # noqa: PLC0415 - see above

    return finalize


def _guard(request: HttpRequest) -> Any:
    """Guard the session of a request, and return it; ``None`` if it has none."""
    session = guard_session(request)
    if session is not None and "state" in vars(session) and session.state.refused is not None:
        set_anonymous_user(request)  # A middleware that loaded it may have loaded the user too.
    return session


def _needs_finalizing(request: HttpRequest, session: Any, response: HttpResponse) -> bool:
    """Return whether the request's own session needs work before this response leaves."""
    return needs_finalizing(request, session) or (
        bool(response.cookies) and withdraws_cookie(request, response)
    )


def _watch_stream(request: HttpRequest, response: Any) -> None:
    """Have a streaming response finalized when it is closed: it may log out while it is sent."""
    if response.streaming:
        response._resource_closers.append(partial(_finalize().finalize_stream, request))
