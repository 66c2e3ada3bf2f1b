"""Log out, and list and end sessions and tokens, for clients of django-ninja."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.errors import AuthenticationError
from ninja.operation import PathView
from ninja.security import APIKeyCookie
from ninja.throttling import UserRateThrottle

from django_logout.contrib import api
from django_logout.decorators import exempt

#: Attribute of requests that their session authenticated.
BY_SESSION = "_django_logout_by_session"
#: Value of ``request.auth`` if no way of authentication accepted the request.
UNAUTHENTICATED = object()


class LogoutThrottle(api.FailOpenThrottle, UserRateThrottle):
    """Limits requests to these operations, apart from other throttles of the API."""

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

    ``auth`` lists the ways of authentication of your API: ``ninja.security.django_auth`` for
    sessions, and those for tokens, which return the token's row or its user. ``rate`` is the number
    of requests a user may make.
    """
    auth = [_ignore_missing_cookie(way) for way in auth]
    router = Router(auth=auth, throttle=[LogoutThrottle(rate)], tags=["logout"])

    # An unauthenticated client has nothing left to end, so its logout succeeds.
    anyone = [*auth, lambda request: UNAUTHENTICATED]

    @router.post("/logout/", response=Ended, auth=anyone, url_name="logout_ninja")
    def log_out(request: HttpRequest) -> HttpResponse:
        """End the session or revoke the token that authenticated this request."""
        return api.log_out(request, by_session=_set_user(request))

    @router.get("/sessions/", response=Sessions)
    def sessions(request: HttpRequest, page: int = 1) -> HttpResponse:
        """List the user's sessions and tokens."""
        _require_user(request)
        return api.list_sessions(request)

    @router.post("/sessions/end-others/", response=Ended)
    def end_others(request: HttpRequest) -> HttpResponse:
        """End all sessions and tokens except the one that authenticated this request."""
        return api.end_others(request, by_session=_require_user(request))

    @router.post("/sessions/end-all/", response=Ended)
    def end_all(request: HttpRequest) -> HttpResponse:
        """End all sessions and tokens."""
        return api.end_all(request, by_session=_require_user(request))

    @router.post("/sessions/{uuid:session_id}/end/", response=Ended)
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


class _CookieOnly(APIKeyCookie):
    """Authentication by a cookie that ignores requests without it. Otherwise the framework demands
    the CSRF token of a cookie from programs that have none."""

    def __call__(self, request: Any) -> Any:
        if self.param_name not in request.COOKIES:
            return None
        found = super().__call__(request)
        if found and found is request.user and self.param_name == settings.SESSION_COOKIE_NAME:
            setattr(request, BY_SESSION, True)
        return found


def _ignore_missing_cookie(way: Any) -> Any:
    if not isinstance(way, APIKeyCookie):
        return way
    # Keep the name of the class, because the schema shows it.
    cookie_only: Any = type(type(way).__name__, (_CookieOnly, type(way)), {})
    copy = cookie_only.__new__(cookie_only)
    copy.__dict__.update(way.__dict__)
    return copy


def _set_user(request: Any) -> bool:
    """Set ``request.user`` to the user whom the API has authenticated, who may differ from that of
    a session cookie. Return whether the session authenticated the request."""
    if request.auth is UNAUTHENTICATED:
        request.auth = None
    elif hasattr(request, BY_SESSION):
        return True
    user = getattr(request.auth, "user", request.auth)
    request.user = user if getattr(user, "is_authenticated", False) else AnonymousUser()
    return False


def _require_user(request: Any) -> bool:
    """Do the same, and refuse a client without a user, which has no sessions."""
    by_session = _set_user(request)
    if not request.user.is_authenticated:
        raise AuthenticationError
    return by_session
