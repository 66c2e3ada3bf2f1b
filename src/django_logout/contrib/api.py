"""What an API offers its clients, whatever framework it is written in: they log out by what let
them in, and see and end their user's sessions and tokens.

The answers are those of the pages, as programs get them. Frameworks bring the request, with its
``user`` and ``auth``, and say whether it was the session that let it in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers

from django_logout.ending import logout, pipeline
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.presented import presented
from django_logout.responses.base import Kind, Notice, login_url
from django_logout.responses.json import JsonResponder
from django_logout.revokers import runner
from django_logout.types import LogoutResult, Outcome, Target
from django_logout.web import reauthentication
from django_logout.web.session_list import Listing

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger("django_logout")

PER_PAGE = 20
#: What logging out comes to for whoever goes on being let in.
CANNOT_END = LogoutResult(outcomes=(Outcome("credential", error="unknown"),))

Answering = Callable[..., HttpResponse]


class FailOpenThrottle:
    """Mixed in front of a framework's throttle: while its cache is down nobody is turned away, or
    nobody could log out."""

    def allow_request(self, *args: Any) -> bool:
        """Whether it is not too often, as far as that can be told."""
        try:
            allowed: bool = super().allow_request(*args)
        except Exception:
            logger.exception("The cache that counts requests is down; this one is not counted.")
            allowed = True
        return allowed


def _no_store_and_503(work: Answering) -> Answering:
    """Never cached; and 503 where what was asked for cannot be promised."""

    @wraps(work)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = work(request, *args, **kwargs)
        except (SessionNotEnded, SessionUnavailable):
            response = _answer(request, Notice(kind=Kind.NOT_ENDED))
        add_never_cache_headers(response)
        return response

    return answering


@_no_store_and_503
def log_out(request: HttpRequest, *, by_session: bool, expired: UUID | None = None) -> HttpResponse:
    """End what let this request in: its session, or its token. Where nothing did, a token that
    is unknown or has expired, that is success too (RFC 7009, section 2.2); ``expired`` is the id
    of the login that such a token proves to be of. Where it was something that nobody can end,
    such as a password that is sent each time, the answer is that it has not ended."""
    kind, result = Kind.LOGGED_OUT, LogoutResult()
    token_id = None if by_session else runner.presented(request)
    if by_session:
        result = logout.logout(request)
    elif token_id is not None:
        result = _end(request, Target.credential(request.user, token_id))
    elif expired is not None:
        result = pipeline.end_sessions(Target.session(expired), request=request)
    elif getattr(request.user, "is_authenticated", False) or getattr(request, "auth", None):
        kind, result = Kind.SESSIONS_ENDED, CANNOT_END
    home = resolve_url(settings.LOGOUT_REDIRECT_URL or "/")
    return _answer(request, Notice(kind=kind, result=result, redirect_to=home))


@_no_store_and_503
def show(request: HttpRequest) -> HttpResponse:
    """A page of the user's sessions and tokens, as ``?page=`` names it."""
    listing = Listing(request, PER_PAGE)
    response = _answer(request, Notice(kind=Kind.SHOWN, data={"sessions": listing.data()}))
    if listing.page.has_next():
        further = f"{request.path}?page={listing.page.next_page_number()}"
        response["Link"] = f'<{further}>; rel="next"'
    return response


@_no_store_and_503
def end_one(request: HttpRequest, session_id: UUID, *, by_session: bool) -> HttpResponse:
    """End one session or token of the user's. If it is what let this request in, that is logging
    out; if it is nobody's, or another user's, 404."""
    here = presented(request)[:1] if by_session else [runner.presented(request)]
    if session_id in here:
        return log_out(request, by_session=by_session)
    target = Listing(request, PER_PAGE).target(session_id)
    if target is None:
        return _answer(request, Notice(kind=Kind.NOT_FOUND))
    return _end_if_fresh(request, target, by_session)


@_no_store_and_503
def end_others(request: HttpRequest, *, by_session: bool) -> HttpResponse:
    """End all of the user's sessions and tokens but what let this request in."""
    return _end_if_fresh(request, Target.others(request), by_session)


@_no_store_and_503
def end_all(request: HttpRequest, *, by_session: bool) -> HttpResponse:
    """End all of the user's sessions and tokens. What let this request in may go on: an API key
    that is spared, or what nobody can end; then the answer does not say "logged out"."""
    gone = partial(_is_gone, request, by_session)
    return _end_if_fresh(request, Target.user(request.user), by_session, here_too=gone)


def _end_if_fresh(
    request: HttpRequest,
    target: Target,
    by_session: bool,
    *,
    here_too: Callable[[], bool] = lambda: False,
) -> HttpResponse:
    """Programs are not asked to log in again: nobody finds them unlocked."""
    if by_session and not reauthentication.is_recent(request):
        url = login_url(request)
        return _answer(request, Notice(kind=Kind.REAUTHENTICATE, redirect_to=url))
    result = _end(request, target)
    kind = Kind.LOGGED_OUT if here_too() else Kind.SESSIONS_ENDED
    return _answer(request, Notice(kind=kind, result=result))


def _is_gone(request: HttpRequest, by_session: bool) -> bool:
    if by_session:
        return True
    own = runner.presented(request)
    return own is not None and all(own != left.id for left in runner.credentials(request.user))


def _end(request: HttpRequest, target: Target) -> LogoutResult:
    user: AbstractBaseUser | Any = request.user
    return pipeline.end_sessions(target, actor=user, request=request)


def _answer(request: HttpRequest, notice: Notice) -> HttpResponse:
    return JsonResponder().respond(request, notice)
