"""Finalize the session of a request after the view, before the response leaves.

End what the view let go of without ``logout()``, repeat what a rolled-back transaction took away,
save the session while a failure can still be answered, and tell the client if its session has
ended.
"""

import logging
from asyncio import get_running_loop
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError, connections
from django.http import HttpRequest, HttpResponse

from django_logout.ending import audit, pipeline
from django_logout.ending.after_commit import log_exceptions
from django_logout.enums import Reason, Scope
from django_logout.exceptions import LoginRefused, SessionNotEnded, SessionUnavailable
from django_logout.guard import status_cache
from django_logout.guard.install import (
    inherit,
    is_shut_out,
    login_of,
    needs_finalizing,
    session_of,
    session_state,
    state_of,
)
from django_logout.guard.presented import (
    ATTACHED,
    BEARER,
    BLACKLISTED,
    REFUSED,
    WITNESS_MISSING,
    clear_sessions,
    delete_data,
    keep_cookies,
    set_anonymous_user,
)
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.policies import impersonation, pending_login, session_limits
from django_logout.responses.base import Kind, login_url, respond
from django_logout.revokers.cookies import delete_cookies
from django_logout.sessions import activity, registry, status
from django_logout.sessions.identity import Identity, is_derived
from django_logout.types import Ending, Target
from django_logout.utils.lazy import lazy_import
from django_logout.utils.threads import run_outside_event_loop
from django_logout.utils.transactions import in_transaction
from django_logout.web import replay_detection
from django_logout.web.browser_data import clear_browser_data
from django_logout.web.denials import (
    explain_denial,
    login_refused_response,
    remove_refused_cookie,
)
from django_logout.web.headers import forbid_storing, withdraws_cookie
from django_logout.web.login_status import announce_login_status
from django_logout.web.witness import set_witness, update_witness

end_logins = lazy_import("policies.blacklisting.end_logins")


logger = logging.getLogger("django_logout")


def finalize_sessions(
    request: HttpRequest, response: HttpResponse, original: Any, *, own_too: bool = True
) -> HttpResponse:
    """Finalize the session of a request, and the sessions that are attached to it.

    ``original`` is the session object that the request began with. The view may have replaced it.
    ``own_too`` is false if the request's own session needs no finalizing.
    """
    if own_too:
        response = _finalize_session(request, response, original)
    attributes = vars(request)
    own = {name: attributes[name] for name in ("session",) if name in attributes}
    for session in attributes.get(ATTACHED, ()):
        if session is own.get("session"):
            continue
        request.session = session
        try:
            forbid_storing(request, session, response)
            if needs_finalizing(request, session):
                response = _finalize_session(request, response, session)
        finally:
            del request.session
            attributes.update(own)
    if login_ids := attributes.get(BLACKLISTED):
        try:
            end_logins(login_ids, request)
        except SessionNotEnded:
            response = not_ended_response(request)
    if REFUSED in attributes:
        remove_refused_cookie(request, response)
    if WITNESS_MISSING in attributes:
        set_witness(request, response)
    return response


def finalize_stream(request: HttpRequest) -> None:
    """Repeat what a transaction inside a stream has rolled back, when the stream is closed.

    The response has left by then, so an error can only be logged.
    """
    session = session_of(request)
    if isinstance(session, GuardedStore) and "state" in vars(session) and session.state.endings:
        work = partial(log_exceptions, partial(_repeat_endings, request, session.state))
        try:
            get_running_loop()
        except RuntimeError:
            work()
        else:  # Django's asynchronous test client closes responses there.
            run_outside_event_loop(work)


def error_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the response to an error about the session, wherever the project raised it; ``None``
    for any other error."""
    if isinstance(error, SessionNotEnded | SessionUnavailable):
        return not_ended_response(request)
    if isinstance(error, LoginRefused):
        return login_refused_response(request)
    if isinstance(error, UpdateError | SessionInterrupted) and (login := login_of(request)):
        state = state_of(request)
        state.identity = login
        return _ended_elsewhere_response(request, state)
    return None


def not_ended_response(request: HttpRequest) -> HttpResponse:
    """Return a 503. The browser keeps its cookie, so that the user can try again."""
    keep_cookies(request)
    return respond(request, Kind.NOT_ENDED)


def _finalize_session(request: HttpRequest, response: HttpResponse, original: Any) -> HttpResponse:
    session: Any = request.session
    unguarded = not isinstance(session, GuardedStore) or session.unchecked
    state, reason = session_state(session) if unguarded else session.state, None
    login: Identity | None = None
    if unguarded and state.refused is not None:
        # The view has put a copy in place, and the session has ended meanwhile.
        state.identity, _ = state.refused
        return _ended_elsewhere_response(request, state)
    try:
        if session is not original:
            inherit(session, original)
            forbid_storing(request, session, response)
        reason = replay_detection.detect_replay(request, state)
        if settings.SESSION_SAVE_EVERY_REQUEST and session.session_key:
            # The save is a use of the session, which may have expired: check it first. The response
            # does not depend on that, so it gets no "Vary: Cookie".
            accessed = session.accessed
            session._get_session()
            session.accessed = accessed
        _repeat_rolled_back(request, state)
        if state.leaving and session.identity is not None and session.identity.id in state.ended:
            # The request has changed the account of its user, which ended this session too.
            clear_sessions(request)
            set_anonymous_user(request)
        _end_expired(request, state)
        _end_withdrawn(request, response)
        identity = session.find_login_left()
        _end_token(request, state)
        _end_dropped(request, state, identity)
        if identity is not None:
            _end_refused_login(request, state, identity)
        login = session.identity if identity is not None else None
        if not _save(request, state, response, login):
            login, response = None, _ended_elsewhere_response(request, state)
    except LoginRefused:
        response = login_refused_response(request)
    except (SessionNotEnded, SessionUnavailable):
        return not_ended_response(request)
    if state.unavailable and response.status_code == 500:
        return not_ended_response(request)
    if login is not None:
        activity.write_use(login.id, request)
    return _tell_browser(request, response, state, reason)


def _tell_browser(
    request: HttpRequest, response: HttpResponse, state: SessionState, reason: str | None
) -> HttpResponse:
    """Say why the session was refused, and delete what the browser has of it."""
    session: Any = request.session
    unknown = [state.key] if state.key_unknown and state.key and session.is_empty() else []
    if unknown and not session.engine.reachable(unknown):
        # Storage that does not answer looks like a session that is gone. Keep the cookie then.
        keep_cookies(request)
    if state.by_cookie and not state.turned_away:
        response = explain_denial(request, response, state.shut_out or reason)
    delete_cookies(request, response)
    clear_browser_data(request, response, state)
    announce_login_status(request, response, state)
    update_witness(request, response, state)
    if state.pending_login_secret:
        pending_login.set_cookie(response, state.pending_login_secret)
    return response


def _repeat_rolled_back(request: HttpRequest, state: SessionState) -> None:
    """Repeat the endings and the registration that the transaction of the view has rolled back.

    The data of a session may be stored outside of the database, and so survive the rollback of its
    row. Without a row the session would be refused.
    """
    unconfirmed = state.endings.keys() - state.confirmed
    if not (unconfirmed or state.adopted or state.login) or in_transaction(registry.database()):
        return
    _repeat_endings(request, state)
    session: Any = request.session
    # What has ended elsewhere, or was refused when it was saved, is not registered again.
    adopted = None if state.ended_elsewhere or not state.adopted else state.identity
    if adopted is not None and not registry.row_exists(adopted.id):
        registry.adopt_session(session, adopted, request)
    if state.login is None:
        return
    (session_id, user), identity = state.login, session.identity
    try:
        if identity and identity.id == session_id and not registry.row_exists(session_id):
            if is_derived(session_id):
                impersonation.repeat_derivation(request, user, identity)
            else:
                session_limits.register_login(session, user, request, session_id=session_id)
    except IntegrityError:  # The rollback took the user too.
        clear_sessions(request)
    state.login = None


def _repeat_endings(request: HttpRequest, state: SessionState) -> None:
    for session_id, ending in list(state.endings.items()):
        if session_id not in state.confirmed and not _waits_for_commit(ending):
            everywhere = ending.target.scope is Scope.USER
            target = ending.target if everywhere else Target.session(session_id)
            pipeline.end_sessions(target, reason=ending.reason, actor=ending.actor, request=request)


def _waits_for_commit(ending: Ending) -> bool:
    """Return whether an ending is stored, and finished with a commit that has not come.

    That is so in tests only, whose transaction is never committed.
    """
    open_ = connections[registry.database()].in_atomic_block
    return open_ and audit.is_recorded(ending.id)


def _end_expired(request: HttpRequest, state: SessionState) -> None:
    """End the session that was refused because it had expired, so that its other clients and its
    tokens learn of it."""
    if state.refused is None or not state.refused[1].expired:
        return
    identity, found = state.refused
    if identity.id not in state.ended:
        pipeline.end_sessions(Target.session(identity.id), reason=found.reason, request=request)
        state.ended.add(identity.id)
    session: Any = request.session
    if session.session_key is None and session.engine.keyed and session.engine.model is None:
        delete_data(session, state.key)


def _end_withdrawn(request: HttpRequest, response: HttpResponse) -> None:
    """Empty the session if the response deletes its cookie, so that it ends.

    Otherwise the browser would be told that its user is logged out, and a copy of the cookie would
    still be served.
    """
    if not (response.cookies and withdraws_cookie(request, response)):
        return
    session: Any = request.session
    session._get_session()
    if session.identity is not None:
        logger.warning(
            "A view has deleted the cookie of an active session, which ends now: %s", request.path
        )
        session.flush()
        set_anonymous_user(request)


def _end_token(request: HttpRequest, state: SessionState) -> None:
    """End the login of a token whose logout was announced by Django's signal. The session beside it
    was not flushed, so it stays."""
    if state.before_flush is None:
        return
    state.take_before_flush()
    login_id = getattr(request, BEARER, None)
    if login_id is not None:
        who: dict[str, Any] = {"actor": request.user, "request": request}
        pipeline.end_sessions(Target.session(login_id), reason=Reason.USER, **who)


def _end_dropped(request: HttpRequest, state: SessionState, now: Identity | None) -> None:
    """End the sessions that the project or Django has flushed, emptied or replaced by the session
    of another user, all without ``logout()``."""
    key, dropped = state.key, False
    for session_id, (user_id, auth_hash) in list(state.logins_seen.items()):
        if session_id in state.ended or (now and session_id == now.id) or state.ended_elsewhere:
            continue
        refused = status.why_login_refused(user_id, auth_hash)
        if not now:  # Django flushes a session whose password hash is stale.
            if refused is Reason.PASSWORD_CHANGED and status.kept_by_credential_change(session_id):
                # The user is changing the password in another tab. Only this copy of the session is
                # stale, and the browser may have received the new one: leave its cookie alone.
                keep_cookies(request)
                continue
            state.shut_out = refused
        switched = now and now.user_id != user_id
        reason = Reason.SWITCHED if switched else refused or Reason.FLUSHED
        pipeline.end_sessions(Target.session(session_id), reason=reason, request=request)
        state.ended.add(session_id)
        dropped = True
    session: Any = request.session
    if dropped and key and key == session.session_key and session.engine.keyed:
        _continue_under_new_key(session, state)


def _continue_under_new_key(session: Any, state: SessionState) -> None:
    """Save what is left in a session that the project has logged out under a key of its own.

    The ending has deleted what was stored under the old one, of which there may be copies.
    """
    delete_data(session, session.session_key)
    session._session_key = state.key = None
    state.saved, session.modified = False, True


def _end_refused_login(request: HttpRequest, state: SessionState, identity: Identity) -> None:
    """End the session if Django refuses its login from now on, so that the next page can say why.

    Either the view has changed the password without ``update_session_auth_hash()``, or the account
    was disabled or deleted in a way that sends no signal.
    """
    session: Any = request.session
    shut_out = is_shut_out(request)
    if not (state.changed or shut_out):
        return
    reason = status.why_login_refused(identity.user_id, session.get(HASH_SESSION_KEY, ""))
    if state.changed and reason is Reason.PASSWORD_CHANGED:
        pipeline.end_sessions(Target.session(identity.id), reason=reason)
        session.modified = False
    if shut_out and reason is not None:
        state.shut_out = reason
        pipeline.end_sessions(Target.current(request), reason=reason)
        clear_sessions(request)  # The session may have no row that the ending could find.
        set_anonymous_user(request)


def _save(
    request: HttpRequest, state: SessionState, response: HttpResponse, login: Identity | None
) -> bool:
    """Save the session of a user; return False if it has ended meanwhile.

    SessionMiddleware would respond to that with a bare 400.
    """
    session: Any = request.session
    if state.ended_elsewhere:
        return False
    if state.turned_away and response.status_code == 500:
        # A middleware has logged in. Django turns its errors into a 500 before ours sees them.
        raise LoginRefused
    if login is None:
        return True  # SessionMiddleware saves anonymous sessions.
    if state.identity is not None and not state.identity.registered:
        session.modified = True  # The session is older than the package: save its id.
    if response.status_code < 500 and (session.modified or settings.SESSION_SAVE_EVERY_REQUEST):
        try:
            session.save()
        except UpdateError:
            return False
        state.saved = True
        session.modified = False
    return not state.ended_elsewhere


def _ended_elsewhere_response(request: HttpRequest, state: SessionState) -> HttpResponse:
    """Tell the client that the session ended elsewhere while this request was in flight."""
    identity, state.ended_elsewhere = state.identity, True
    reason = status_cache.get_status(identity).reason if identity else Reason.UNKNOWN
    session: Any = request.session
    session.__dict__["_session_cache"] = {}
    session._session_key = None
    state.saved = session.modified = False
    # Leave the cookie alone: another tab may have logged in with it meanwhile.
    keep_cookies(request)
    set_anonymous_user(request)
    return respond(request, Kind.ENDED, reason=reason, redirect_to=login_url(request))
