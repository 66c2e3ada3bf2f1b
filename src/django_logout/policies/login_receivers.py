"""Receivers of Django's ``user_logged_in`` and ``user_logged_out``."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.utils import timezone

from django_logout.ending import logout
from django_logout.guard import half_logins
from django_logout.guard.install import session_and_state, session_of, session_state
from django_logout.guard.presented import ANNOUNCING, BEARER, is_session_user, presented_stores
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.policies import impersonation, pending_login, session_limits
from django_logout.sessions import activity, registry
from django_logout.sessions.identity import ID_KEY, is_derived
from django_logout.utils.transactions import call_after_commit, in_transaction


def on_login(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Register the session that has just been logged in."""
    session = session_of(request)
    if request is None or session is None:
        return
    # Only a session that was guarded before can tell whether this request logged it in.
    was_guarded = isinstance(session, GuardedStore)
    state = session_state(session, look=False)
    if not session.modified or session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return  # The signal is for a token that an API client has been given, not for the session.
    if ID_KEY in session and session.identity.user_id == session[SESSION_KEY]:
        # The session was logged in as this user before, and Django keeps it. Restart its absolute
        # timeout, unless the signal is for a token that was issued by means of the session: that
        # proves nothing about who uses the session now.
        # Nor does a login as the user whom an administrator impersonates in the session.
        if (state.logged_in or not was_guarded) and not is_derived(session.identity.id):
            session.adopt()
            registry.record_relogin(session.identity.id, timezone.now())
        return
    before = state.identity
    was_active = before is not None and before.id not in state.ended
    if before is not None and was_active and impersonation.is_impersonation(request, state):
        row = impersonation.register_step(request, user, before)
    elif registry.account_of(user):
        # The limit and the mails are for users of AUTH_USER_MODEL.
        row = registry.register_session(session, user, request)
        state.origins = ()
    else:
        session_limits.refuse_outdated_proof(request, user)
        row = session_limits.register_login(
            session, user, request, session_id=state.pending_login and state.pending_login.id
        )
        state.origins = ()
    session.pop(pending_login.KEY, None)
    session.pop(half_logins.SEEN_KEY, None)
    identity = session.identity
    state.hold(identity, session.get(HASH_SESSION_KEY, ""))
    state.key = session.session_key
    if session.engine.final_deletes:
        state.active_id = row.pk
    state.login = (row.pk, user)
    activity.remember_row(row)
    if in_transaction(registry.database()):
        call_after_commit(registry.database(), partial(_confirm_login, state, row.pk))
    else:
        state.confirm_login()


def _confirm_login(state: SessionState, session_id: UUID) -> None:
    """Confirm a login whose transaction is committed, unless a savepoint took away its row."""
    if registry.row_exists(session_id):
        state.confirm_login()


def on_logout(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """End the session when a project calls Django's own ``logout()``."""
    if ANNOUNCING in getattr(request, "__dict__", ()):
        return  # The ending itself sends this signal.
    session, state = session_and_state(request)
    if request is None or session is None:
        return
    session.get(SESSION_KEY)  # Django's logout() does not load it before it sends this.
    if state.origins and impersonation.is_impersonation(request, state):
        return  # The login that follows is of the user before. Without it, the middleware ends all.
    if user is not None and not _is_of_session(request, session, user):
        # A token was given back (knox, djoser), or Django's logout() was called by a client with a
        # token. The session beside it ends if it is flushed too, as Django does next.
        state.before_flush = partial(logout.end_for_django_logout, request, user)
        return
    was_logged_in = user is not None or state.key_unknown or state.logins_seen
    # Otherwise no session can be meant: the request presents a single cookie, the engine knows its
    # key, so it was not rotated, and no user is or was logged in.
    if was_logged_in or len(presented_stores(request)) > 1:
        logout.end_for_django_logout(request, user)


def _is_of_session(request: HttpRequest, session: Any, user: Any) -> bool:
    """Return whether no session is presented that a token of this user stands beside."""
    session.get(SESSION_KEY)  # This loads it.
    auth, identity = getattr(request, "auth", None), session.identity
    by_token = auth is not None and not is_session_user(request, auth)
    if identity is None:
        return not by_token or len(presented_stores(request)) == 1
    own = identity.user_id == str(user.pk)
    return own and not by_token and getattr(request, BEARER, identity.id) == identity.id
