"""What has become of the session, once the view is done and before the response leaves."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, IntegrityError, connections
from django.http import HttpRequest, HttpResponse

from django_logout.ending import pipeline
from django_logout.enums import Reason, Scope
from django_logout.exceptions import LoginRefused, SessionNotEnded, SessionUnavailable
from django_logout.guard import status_cache
from django_logout.guard.install import (
    guard,
    inherit,
    is_shut_out,
    needs_finalizing,
)
from django_logout.guard.presented import clear_sessions, delete_data, set_anonymous_user
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.policies import pending_login, session_limits
from django_logout.responses.base import Kind, Notice, login_url, respond
from django_logout.revokers.cookies import delete_cookies
from django_logout.sessions import activity, registry, status
from django_logout.types import Target
from django_logout.web import attached_sessions, replay_detection
from django_logout.web.denials import explain_denial, login_refused_response
from django_logout.web.headers import clear_browser_data, forbid_storing

logger = logging.getLogger("django_logout")


def finalize_sessions(request: HttpRequest, response: HttpResponse, original: Any) -> HttpResponse:
    """Settle the session of a request, which the view may have put in the place of the original
    one, and those that came beside it."""
    if needs_finalizing(request, original):
        response = finalize_session(request, response, original)
    for session in attached_sessions.of(request):
        with attached_sessions.in_place(request, session):
            forbid_storing(request, session, response)
            if needs_finalizing(request, session):
                response = finalize_session(request, response, session)
    return response


def finalize_session(request: HttpRequest, response: HttpResponse, original: Any) -> HttpResponse:
    """Finish what the request began with its session, and answer truly."""
    unguarded = not isinstance(request.session, GuardedStore)
    state = guard(request.session)
    if unguarded and state.refused is not None:  # a copy of a session that has ended meanwhile
        state.identity, _ = state.refused
        return ended_elsewhere_response(request, state)
    reason = None
    try:
        if request.session is not original:
            inherit(request.session, original)
            forbid_storing(request, request.session, response)
        reason = replay_detection.detect(request, state)
        _load_if_saved(request)
        if not connections[registry.database()].in_atomic_block:
            _end_again(request, state)
            _register_again(request, state)
        _leave(request, state)
        _end_stale_hash(request, state)
        _end_expired(request, state)
        _end_dropped(request, state)
        _end_shut_out(request, state)
        if not _save(request, state, response):
            response = ended_elsewhere_response(request, state)
    except LoginRefused:
        response = login_refused_response(request)
    except (SessionNotEnded, SessionUnavailable):
        return not_ended_response(request)
    if state.unavailable and response.status_code == 500:
        return not_ended_response(request)
    _keep_cookie_in_outage(request, state)
    _touch(request)
    response = explain_denial(request, response, _reason_to_show(state, reason))
    delete_cookies(request, response)
    clear_browser_data(request, response, state)
    if state.pending_login_secret:
        pending_login.set_cookie(response, state.pending_login_secret)
    return response


def error_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Errors of ours become answers of ours, wherever in the project they come from."""
    if isinstance(error, SessionNotEnded | SessionUnavailable):
        return not_ended_response(request)
    if isinstance(error, LoginRefused):
        return login_refused_response(request)
    state = guard(request.session)
    if isinstance(error, UpdateError | SessionInterrupted) and state.identity is not None:
        return ended_elsewhere_response(request, state)
    return None


def not_ended_response(request: HttpRequest) -> HttpResponse:
    """The truth, and the cookie left in the browser, so that the user can try again."""
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)  # or SessionMiddleware deletes it
    return respond(request, Notice(kind=Kind.NOT_ENDED))


def _load_if_saved(request: HttpRequest) -> None:
    """Where each request saves its session, look at it before that: it may have expired, and is
    in use although the view has not asked for it."""
    session: Any = request.session
    if settings.SESSION_SAVE_EVERY_REQUEST and session.session_key:
        accessed = session.accessed
        session._get_session()
        session.accessed = accessed


def _end_expired(request: HttpRequest, state: SessionState) -> None:
    """What was refused because its time was over ends now, so that all who ask are told why."""
    if state.refused is None or not state.refused[1].expired:
        return
    identity, status = state.refused
    if identity.id not in state.ended:
        target = Target.session(identity.id)
        pipeline.end_sessions(target, reason=status.reason, request=request)
        state.ended.add(identity.id)
    session: Any = request.session
    if session.session_key is None and session.engine.keyed and session.engine.model is None:
        delete_data(session, state.key)


def _end_again(request: HttpRequest, state: SessionState) -> None:
    """Endings of this request that were rolled back with a transaction of the view's."""
    for session_id, undone in list(state.endings.items()):
        if session_id not in state.confirmed:
            everywhere = undone.target.scope is Scope.USER
            target = undone.target if everywhere else Target.session(session_id)
            how = {"reason": undone.reason, "actor": undone.actor}
            pipeline.end_sessions(target, request=request, **how)


def _register_again(request: HttpRequest, state: SessionState) -> None:
    """A login, or an adoption, whose row was rolled back while its session lived on (design law 2:
    without a row it would be refused)."""
    if state.adopted and state.identity is not None and not registry.exists(state.identity.id):
        registry.adopt(request.session, state.identity, request)
    if state.login is None:
        return
    session_id, user = state.login
    try:
        if not registry.exists(session_id) and _id_of(request) == str(session_id):
            session_limits.register_login(request.session, user, request, session_id=session_id)
    except IntegrityError:  # the user was rolled back too
        clear_sessions(request)
    state.login = None


def _end_dropped(request: HttpRequest, state: SessionState) -> None:
    """Sessions that this one has ceased to be without the door being asked: flushed by the
    project or by Django, emptied, or left for another user's."""
    session: Any = request.session
    now = session.identity
    for session_id, (user_id, auth_hash) in list(state.logins_seen.items()):
        if session_id in state.ended or (now and session_id == now.id) or state.ended_elsewhere:
            continue
        shut_out = status.why_login_refused(user_id, auth_hash)
        if (
            not now
            and shut_out is Reason.PASSWORD_CHANGED
            and status.kept_by_credential_change(session_id)
        ):
            # Its user changes the password in another tab. Only this copy of it is too old; the
            # browser may have been given a new one by now.
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            continue
        if not now:  # Django flushes the session of whoever has another password now
            state.shut_out = shut_out
        switched = now and now.user_id != user_id
        reason = Reason.SWITCHED if switched else shut_out or Reason.FLUSHED
        pipeline.end_sessions(Target.session(session_id), reason=reason, request=request)
        state.ended.add(session_id)


def _leave(request: HttpRequest, state: SessionState) -> None:
    """The session has ended with a change of its user's account, made by this request."""
    session: Any = request.session
    if state.leaving and session.identity is not None and session.identity.id in state.ended:
        clear_sessions(request)
        set_anonymous_user(request)


def _end_stale_hash(request: HttpRequest, state: SessionState) -> None:
    """A view has changed the password of its user, and has not told the session: Django refuses
    it from now on. It ends now, so that the next page can say why."""
    session: Any = request.session
    if not state.changed or session.identity is None:
        return
    user_id, auth_hash = session.identity.user_id, session.get(HASH_SESSION_KEY, "")
    if status.why_login_refused(user_id, auth_hash) is Reason.PASSWORD_CHANGED:
        pipeline.end_sessions(Target.session(session.identity.id), reason=Reason.PASSWORD_CHANGED)
        session.modified = False


def _end_shut_out(request: HttpRequest, state: SessionState) -> None:
    """The account has been disabled or deleted in a way that sends no signals."""
    session: Any = request.session
    if session.identity is None or not is_shut_out(request):
        return
    user_id, auth_hash = session.identity.user_id, session.get(HASH_SESSION_KEY, "")
    state.shut_out = status.why_login_refused(user_id, auth_hash)
    if state.shut_out is not None:
        pipeline.end_sessions(Target.current(request), reason=state.shut_out)
        clear_sessions(request)  # where there is no row any more, too
        set_anonymous_user(request)


def _id_of(request: HttpRequest) -> str | None:
    session: Any = request.session
    return str(session.identity.id) if session.identity else None


def _save(request: HttpRequest, state: SessionState, response: HttpResponse) -> bool:
    """Save somebody's session now instead of in SessionMiddleware, whose answer to a session
    that has ended meanwhile is a 400 page. False if it has."""
    session: Any = request.session
    if state.ended_elsewhere:
        return False
    if state.turned_away and response.status_code == 500:
        raise LoginRefused  # by a middleware, whose errors Django answers before we see them
    if _id_of(request) is None:
        return True  # nobody's: Django's own business
    if state.identity is not None and not state.identity.registered:
        session.modified = True  # from before our time: its id is to be saved
    if response.status_code < 500 and (session.modified or settings.SESSION_SAVE_EVERY_REQUEST):
        try:
            session.save()
        except UpdateError:
            return False
        state.saved = True
        session.modified = False
    return not state.ended_elsewhere


def ended_elsewhere_response(request: HttpRequest, state: SessionState) -> HttpResponse:
    """The session ended elsewhere while this request was in flight."""
    identity, state.ended_elsewhere = state.identity, True
    reason = status_cache.get_status(identity).reason if identity else Reason.UNKNOWN
    session: Any = request.session
    session.__dict__["_session_cache"] = {}
    session._session_key = None
    state.saved = session.modified = False
    # Neither set nor deleted: somebody else may have logged in with that cookie by now.
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    set_anonymous_user(request)
    notice = Notice(kind=Kind.ENDED, reason=reason, redirect_to=login_url(request))
    return respond(request, notice)


def _touch(request: HttpRequest) -> None:
    session: Any = request.session
    if session.identity is not None and activity.record_use(session.identity.id, request):
        try:
            activity.touch(session.identity.id, request)
        except DatabaseError:
            logger.exception("When a session was last seen could not be written.")


def _reason_to_show(state: SessionState, reason: str | None) -> str | None:
    """Why the session has ended, if the browser's was it and nothing else was said."""
    return (state.shut_out or reason) if state.by_cookie and not state.turned_away else None


def _keep_cookie_in_outage(request: HttpRequest, state: SessionState) -> None:
    """A cache that is down looks like a session that is gone; do not delete its cookie for that."""
    session: Any = request.session
    if state.key_unknown and session.is_empty() and not session.engine.reachable():
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
