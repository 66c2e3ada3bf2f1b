"""Log out, and list and end sessions and tokens, for clients of django-ninja."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import wraps
from inspect import isawaitable
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.errors import AuthenticationError, HttpError
from ninja.operation import PathView
from ninja.security import APIKeyCookie
from ninja.security.base import AuthBase
from ninja.throttling import UserRateThrottle
from ninja.utils import check_csrf

from django_logout.contrib import api
from django_logout.decorators import exempt
from django_logout.guard.presented import is_session_user
from django_logout.web.csrf import is_same_origin

#: Attribute of requests: the user whom the API has authenticated, and whether by the session.
CAME_IN = "_django_logout_came_in"
#: Value of ``request.auth`` if no way of authentication accepted the request.
UNAUTHENTICATED = object()


class LogoutThrottle(api.ListThrottle, UserRateThrottle):
    """Limits lists of sessions. Endings are never throttled, not even by a throttle of the API."""

    scope = "logout"


class Session(Schema):
    """A session or a token."""

    id: UUID
    current: bool
    created_at: datetime | None
    last_seen_at: datetime | None
    expires_at: datetime | None
    ip_address: str | None
    device: str
    kind: str


class Sessions(Schema):
    """One page of sessions and tokens."""

    sessions: list[Session]


class Ended(Schema):
    """The result of an ending."""

    logged_out: bool
    complete: bool
    reason: str
    ended: dict[str, int]
    failed: list[str]
    exempt: dict[str, int] | None = None
    redirect_to: str


def logout_router(auth: Sequence[Callable[..., Any]], *, rate: str = "60/min") -> Router:
    """Return a router with the five operations, for ``api.add_router("", logout_router([...]))``.

    ``auth`` lists the ways of authentication of your API, synchronous or not:
    ``ninja.security.django_auth`` for sessions, and those for tokens, which return the token's row
    or its user. ``rate`` is the number of lists that a client may ask for.
    """
    auth = [_watch(way) for way in auth]
    router = Router(auth=auth, throttle=[], tags=["logout"])

    # An unauthenticated client has nothing left to end, so its logout succeeds.
    anyone = [*auth, lambda request: UNAUTHENTICATED]

    @router.post("/logout/", response=Ended, auth=anyone, throttle=[], url_name="logout_ninja")
    def log_out(request: HttpRequest) -> HttpResponse:
        """End the session or revoke the token that authenticated this request."""
        return api.log_out(request, by_session=_set_user(request))

    @router.get("/sessions/", response=Sessions, throttle=[LogoutThrottle(rate)])
    def sessions(request: HttpRequest, page: int = 1) -> HttpResponse:
        """List the user's sessions and tokens."""
        return api.list_sessions(request, by_session=_require_user(request))

    @router.post("/sessions/end-others/", response=Ended, throttle=[])
    def end_others(request: HttpRequest) -> HttpResponse:
        """End all sessions and tokens except the one that authenticated this request."""
        return api.end_others(request, by_session=_require_user(request))

    @router.post("/sessions/end-all/", response=Ended, throttle=[])
    def end_all(request: HttpRequest) -> HttpResponse:
        """End all sessions and tokens."""
        return api.end_all(request, by_session=_require_user(request))

    @router.post("/sessions/{uuid:session_id}/end/", response=Ended, throttle=[])
    def end_one(request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End one session or token."""
        return api.end_one(request, session_id, by_session=_require_user(request))

    for operations in router.path_operations.values():
        operations.__class__ = _ExemptPathView
    return router


class _ExemptPathView(PathView):
    """Views outside of any transaction, which could roll back what has ended."""

    def clone(self) -> Any:
        """Return a copy, for an API that includes the router."""
        copy = super().clone()
        copy.__class__ = _ExemptPathView
        return copy

    def get_view(self) -> Any:
        """Return the view."""
        return exempt(super().get_view())


class _Watched(AuthBase):
    """Mixin in front of a way of authentication. It notes whom the way has authenticated, and waits
    for an asynchronous one."""

    def __call__(self, request: Any) -> Any:
        """Return what the way returns."""
        way: Any = super()
        return _note(request, way.__call__)


class _WatchedCookie(_Watched):
    """Mixin in front of a cookie. It ignores requests without the cookie: otherwise the framework
    demands the CSRF token of a cookie from programs that have none."""

    def __call__(self, request: Any) -> Any:
        """Return what the way returns, or ``None`` without the cookie."""
        way: Any = self
        return super().__call__(request) if way.param_name in request.COOKIES else None

    def _get_key(self, request: Any) -> Any:
        way: Any = super()
        if is_same_origin(request):  # It needs no CSRF token, as on the pages.
            return request.COOKIES[way.param_name]
        return way._get_key(request)


def _watch(way: Any) -> Any:
    """Return a way of authentication that notes whom it has authenticated."""
    if not isinstance(way, AuthBase):

        @wraps(way)
        def watched(request: Any) -> Any:
            return _note(request, way, csrf=True)

        return watched
    mixin = _WatchedCookie if isinstance(way, APIKeyCookie) else _Watched
    # Keep the name of the class, because the schema shows it.
    watched_class: Any = type(type(way).__name__, (mixin, type(way)), {})
    copy = watched_class.__new__(watched_class)
    copy.__dict__.update(way.__dict__, is_async=False)
    return copy


def _note(request: Any, way: Callable[[Any], Any], *, csrf: bool = False) -> Any:
    """Call a way of authentication and note the user whom it has found.

    It returns the user, a row with a ``user``, or any other value; then it may have set
    ``request.user``. ``True`` stands for the user of the session. ``csrf`` says that the way itself
    does not protect a session from other sites.
    """
    before, found = request.user, way(request)
    if isawaitable(found):
        found = async_to_sync(_wait)(found)
    if not found:
        return found
    user = getattr(found, "user", found)
    if not hasattr(user, "is_authenticated"):
        user = request.user if found is True or request.user is not before else AnonymousUser()
    by_session = is_session_user(request, user)
    if by_session and csrf and not is_same_origin(request) and check_csrf(request):
        raise HttpError(403, "CSRF check Failed")
    setattr(request, CAME_IN, (user, by_session))
    request.user = user
    return found


async def _wait(found: Awaitable[Any]) -> Any:
    return await found


def _set_user(request: Any) -> bool:
    """Set ``request.user`` to the user whom the API has authenticated, who may differ from that of
    a session cookie. Return whether the session authenticated the request."""
    if request.auth is UNAUTHENTICATED:
        request.auth = None
        request.user = AnonymousUser()
        return False
    by_session: bool
    request.user, by_session = getattr(request, CAME_IN)
    return by_session


def _require_user(request: Any) -> bool:
    """Do the same, and refuse a client without a user, which has no sessions."""
    by_session = _set_user(request)
    if not request.user.is_authenticated:
        raise AuthenticationError
    return by_session
