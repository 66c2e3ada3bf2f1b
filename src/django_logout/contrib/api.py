"""The operations of an API, whatever framework it is written in: log out, and list and end the
user's sessions and tokens.

The responses are those of the pages to JSON clients. A framework passes the request, with its
``user`` and ``auth``, and whether a session authenticated it.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_logout.ending import logout, pipeline
from django_logout.enums import Reason, Scope
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.impersonation import get_impersonator
from django_logout.guard.presented import (
    attached_session_id,
    is_session_user,
    presented_ids,
)
from django_logout.hooks import Destination
from django_logout.responses.base import Kind, login_url, respond
from django_logout.responses.json import JsonResponder
from django_logout.revokers import runner
from django_logout.types import LogoutResult, Target
from django_logout.utils.redirects import resolve_or_log
from django_logout.web import reauthentication
from django_logout.web.destinations import destination_details, find_destination
from django_logout.web.session_list import Listing

logger = logging.getLogger("django_logout")

PER_PAGE = 20
#: The result of logging out a client whose credential cannot be revoked.
CANNOT_END = LogoutResult().without_credential()

View = Callable[..., HttpResponse]


class ListThrottle:
    """Mixin in front of a framework's throttle for the list of sessions.

    Each credential is counted by itself, so that a thief who has one token of a user does not use up
    the requests of that user's other clients. Endings are never throttled. Requests are allowed
    while the cache that counts them is down.
    """

    def get_cache_key(self, request: Any, *args: Any) -> Any:
        """Return the key under which the requests of this client are counted."""
        framework: Any = self
        key = credential_key(getattr(request, "_request", request))
        return framework.cache_format % {"scope": framework.scope, "ident": key}

    def allow_request(self, *args: Any) -> bool:
        """Return whether the request is within the rate, or the rate is unknown."""
        try:
            allowed: bool = super().allow_request(*args)
        except Exception:
            logger.exception("The cache that counts requests is down, so none is throttled.")
            allowed = True
        return allowed


def _503_if_not_ended(view: View) -> View:
    """Respond with 503 if the operation cannot be guaranteed."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (SessionNotEnded, SessionUnavailable):
            return _respond(request, Kind.NOT_ENDED)

    return wrapped


def credential_key(request: HttpRequest) -> str:
    """Return a name for the credential that authenticated a request, or for its user if the
    credential is unknown."""
    user: Any = request.user
    return str(_own_id(request, is_session_user(request, user)) or f"user-{user.pk}")


def _own_target(request: HttpRequest) -> Target | None:
    """Return what ends the credential, other than a session cookie, that authenticated a request;
    ``None`` if it is unknown or cannot be ended."""
    if token_id := runner.presented(request):
        return Target.credential(request.user, token_id)
    session_id = attached_session_id(request, request.user)
    return None if session_id is None else Target.session(session_id)


@_503_if_not_ended
def log_out(request: HttpRequest, *, by_session: bool, expired: UUID | None = None) -> HttpResponse:
    """End the session or revoke the token that authenticated this request.

    An unknown or expired token is a success too (RFC 7009, section 2.2). ``expired`` is the login
    that an expired token proves to belong to. If the credential cannot be revoked, such as a
    password that is sent with each request, the response says that it has not ended.
    """
    kind, result = Kind.LOGGED_OUT, LogoutResult()
    own = None if by_session else _own_target(request)
    leaving = find_destination(request) if by_session else None
    if by_session:
        result = logout.logout(request)
    elif own is not None:
        result = _end(own, Reason.USER, request, request.user)
    elif expired is not None:
        result = _end(Target.session(expired), Reason.USER, request)
    elif getattr(request.user, "is_authenticated", False) or getattr(request, "auth", None):
        kind, result = Kind.SESSIONS_ENDED, CANNOT_END
    home = resolve_or_log(settings.LOGOUT_REDIRECT_URL or "/")
    return _leave(request, kind, result, leaving, home)


@_503_if_not_ended
def list_sessions(request: HttpRequest, *, by_session: bool) -> HttpResponse:
    """List one page of the user's sessions and tokens, as ``?page=`` says."""
    listing = Listing(request, PER_PAGE, _own_id(request, by_session))
    response = _respond(request, Kind.SHOWN, data={"sessions": listing.data()})
    if listing.page.has_next():
        next_page = f"{request.path}?{listing.query(listing.page.next_page_number())}"
        response["Link"] = f'<{next_page}>; rel="next"'
    return response


@_503_if_not_ended
def end_one(request: HttpRequest, session_id: UUID, *, by_session: bool) -> HttpResponse:
    """End one of the user's sessions or tokens.

    If it authenticated this request, that is logging out. If the user has no such session, the
    status is 404, whether or not another user has it.
    """
    own_id = _own_id(request, by_session)
    if session_id == own_id:
        return log_out(request, by_session=by_session)
    target = Listing(request, PER_PAGE, own_id).target(session_id)
    if target is None:
        return _respond(request, Kind.NOT_FOUND)
    return _end_if_recent(request, target, by_session)


@_503_if_not_ended
def end_others(request: HttpRequest, *, by_session: bool) -> HttpResponse:
    """End all of the user's sessions and tokens except the one that authenticated this request."""
    return _end_if_recent(request, Target.others(request), by_session)


@_503_if_not_ended
def end_all(request: HttpRequest, *, by_session: bool) -> HttpResponse:
    """End all of the user's sessions and tokens.

    The credential of this request may survive, if it is an exempt API key or cannot be revoked.
    Then the response does not say "logged out".
    """
    return _end_if_recent(request, Target.user(request.user), by_session)


def _end_if_recent(request: HttpRequest, target: Target, by_session: bool) -> HttpResponse:
    """End the target, if a session need not be reauthenticated first.

    Programs never have to log in again: that protects from a stranger at an unlocked screen.
    """
    if get_impersonator(request) is not None:
        return _respond(request, Kind.IMPERSONATED)
    if by_session and not reauthentication.is_recent(request):
        return _respond(request, Kind.REAUTHENTICATE, redirect_to=login_url(request))
    everywhere = target.scope is Scope.USER
    leaving = find_destination(request) if everywhere and by_session else None
    reason = Reason.EVERYWHERE if everywhere else Reason.REMOTE
    result = _end(target, reason, request, request.user)
    logged_out = everywhere and (by_session or _has_lost_token(request))
    return _leave(request, Kind.LOGGED_OUT if logged_out else Kind.SESSIONS_ENDED, result, leaving)


def _end(target: Target, reason: Reason, request: HttpRequest, actor: Any = None) -> LogoutResult:
    return pipeline.end_sessions(target, reason=reason, actor=actor, request=request)


def _has_lost_token(request: HttpRequest) -> bool:
    token_id = runner.presented(request)
    if token_id is None:  # The session of an app has ended with all the others.
        return attached_session_id(request, request.user) is not None
    return all(token_id != left.id for left in runner.credentials(request.user))


def _own_id(request: HttpRequest, by_session: bool) -> UUID | None:
    """Return the id of the session or token that authenticated a request, as the list has it."""
    if by_session:
        return next(iter(presented_ids(request)), None)
    return runner.presented(request) or attached_session_id(request, request.user)


def _leave(
    request: HttpRequest,
    kind: Kind,
    result: LogoutResult,
    leaving: Destination | None,
    next_url: str = "",
) -> HttpResponse:
    """Respond with what has ended, and with where the client goes: perhaps where another app says."""
    if leaving is None or kind is not Kind.LOGGED_OUT:
        return _respond(request, kind, result=result, redirect_to=next_url)
    about = destination_details(leaving, next_url)
    response = _respond(request, kind, result=result, **about)
    leaving.keep(request, response)
    return response


def _respond(request: HttpRequest, kind: Kind, **fields: Any) -> HttpResponse:
    return respond(request, kind, responder=JsonResponder(), **fields)
