"""Log out, and see and end sessions and tokens, for clients of django-ninja."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
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

_Cookie: Any = APIKeyCookie if TYPE_CHECKING else object
_Path: Any = object if TYPE_CHECKING else PathView

#: Set on a request that its session has let in.
BY_SESSION = "_django_logout_by_session"


class LogoutThrottle(api.FailOpenThrottle, UserRateThrottle):
    """So many requests a minute for these, apart from what else is throttled."""

    scope = "logout"


class Session(Schema):
    """A session, or a token."""

    id: UUID
    current: bool
    created_at: datetime | None
    last_seen_at: datetime | None
    expires_at: datetime | None
    ip_address: str | None
    device: str
    kind: str


class Sessions(Schema):
    """A page of them."""

    sessions: list[Session]


class Ended(Schema):
    """What has ended."""

    logged_out: bool
    complete: bool
    reason: str
    ended: dict[str, int]
    failed: list[str]
    spared: dict[str, int] | None = None
    redirect_to: str


def logout_router(auth: Sequence[Callable[..., Any]], *, rate: str = "60/min") -> Router:
    """A router with the five operations, for ``api.add_router("", logout_router([...]))``.

    ``auth`` are the ways of authentication of your API: ``ninja.security.django_auth`` for
    sessions, and those for tokens, which give the token's row, or its user. ``rate`` is how many
    requests a user may make.
    """
    auth = [_where_it_is_sent(way) for way in auth]
    router = Router(auth=auth, throttle=[LogoutThrottle(rate)], tags=["logout"])

    # Whoever is not let in has nothing left to end.
    @router.post("/logout/", response=Ended, auth=[*auth, _anybody], url_name="logout_ninja")
    def log_out(request: HttpRequest) -> HttpResponse:
        """End the session or the token by which the client was let in."""
        return api.log_out(request, by_session=_recognise(request))

    @router.get("/sessions/", response=Sessions)
    def sessions(request: HttpRequest, page: int = 1) -> HttpResponse:
        """List the user's sessions and tokens."""
        _known(request)
        return api.show(request)

    @router.post("/sessions/end-others/", response=Ended)
    def end_others(request: HttpRequest) -> HttpResponse:
        """End all of them but what let the client in."""
        return api.end_others(request, by_session=_known(request))

    @router.post("/sessions/end-all/", response=Ended)
    def end_all(request: HttpRequest) -> HttpResponse:
        """End all of them."""
        return api.end_all(request, by_session=_known(request))

    @router.post("/sessions/{uuid:session_id}/end/", response=Ended)
    def end_one(request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End one of them."""
        return api.end_one(request, session_id, by_session=_known(request))

    for operations in router.path_operations.values():
        operations.__class__ = _EndsSessions
    return router


class _EndsSessions(_Path):
    """Views in no transaction that could take back what has ended."""

    def clone(self) -> Any:
        """A copy, for an API that the router is put into."""
        copy = super().clone()
        copy.__class__ = _EndsSessions
        return copy

    def get_view(self) -> Any:
        """The view."""
        return exempt(super().get_view())


class _Nobody:
    """What an unknown token stands for."""


def _anybody(request: HttpRequest) -> Any:
    return _Nobody()


class _CookieOnly(_Cookie):
    """A way in by a cookie that is no way in without one: else the framework would ask every
    program for the CSRF token of a cookie that it has not got."""

    def __call__(self, request: Any) -> Any:
        if self.param_name not in request.COOKIES:
            return None
        found = super().__call__(request)
        if found and found is request.user and self.param_name == settings.SESSION_COOKIE_NAME:
            setattr(request, BY_SESSION, True)
        return found


def _where_it_is_sent(way: Any) -> Any:
    if not isinstance(way, APIKeyCookie):
        return way
    # Of the same name, which is that of the schema.
    kind: Any = type(type(way).__name__, (_CookieOnly, type(way)), {})
    again = kind.__new__(kind)
    again.__dict__.update(way.__dict__)
    return again


def _recognise(request: Any) -> bool:
    """Let the request's user be the one whom the API has let in, who need not be that of the
    session beside; gives whether it is the session that has let in."""
    if isinstance(request.auth, _Nobody):
        request.auth = None
    elif hasattr(request, BY_SESSION):
        return True
    user = getattr(request.auth, "user", request.auth)
    request.user = user if getattr(user, "is_authenticated", False) else AnonymousUser()
    return False


def _known(request: Any) -> bool:
    """The same; whoever was let in without a user has no sessions."""
    by_session = _recognise(request)
    if not request.user.is_authenticated:
        raise AuthenticationError
    return by_session
