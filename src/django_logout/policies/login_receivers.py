"""Django's own logins and logouts, as its signals tell of them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connections, transaction
from django.http import HttpRequest
from django.utils import timezone

from django_logout.ending import logout
from django_logout.guard.install import guard
from django_logout.guard.presented import stores
from django_logout.guard.store import GuardedStore
from django_logout.policies import pending_login, session_limits
from django_logout.sessions import activity, registry
from django_logout.sessions.identity import ID_KEY, Identity


def on_login(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Register the session that has just been logged in to."""
    if request is None or not hasattr(request, "session"):
        return
    session: Any = request.session
    # Of what nobody has watched so far, nobody knows whether it was logged in to.
    watched = isinstance(session, GuardedStore)
    state = guard(session, look=False)
    if not session.modified or session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return  # a program has logged in, and got a token: the session is none of its business
    if ID_KEY in session and session.identity.user_id == session[SESSION_KEY]:
        # Programs are given tokens for a session alone, which says nothing about who holds it.
        if state.logged_in or not watched:
            _log_in_again(session)
        return
    row = session_limits.register(
        session, user, request, session_id=state.pending_login and state.pending_login.id
    )
    if pending_login.KEY in session:
        del session[pending_login.KEY]
    identity = Identity(row.pk, str(session.get(SESSION_KEY)), registered=True)
    state.hold(identity, session.get(HASH_SESSION_KEY, ""))
    state.key = session.session_key
    if session.engine.final_deletes:
        state.cut_off = 0  # it begins now, later than whatever was cut off
    state.login = (row.pk, user)
    activity.remember(row)
    if connections[registry.database()].in_atomic_block:
        transaction.on_commit(state.confirm_login, using=registry.database())
    else:
        state.confirm_login()


def _log_in_again(session: Any) -> None:
    """The same user: Django keeps the session, and so do we; but its time begins anew."""
    session.adopt()
    registry.record_relogin(session.identity.id, timezone.now())


def on_logout(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Take Django's own ``logout()`` through the door."""
    if request is None or not hasattr(request, "session"):
        return
    state = guard(request.session)
    if state.announcing:
        return  # sent by the door itself
    if user is None and not (state.key_unknown or state.logins_seen) and len(stores(request)) == 1:
        return  # nobody now or before, no key that could have been rotated, no second cookie
    logout.end_for_django_logout(request, user)
