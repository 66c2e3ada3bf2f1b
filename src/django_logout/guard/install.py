"""Puts the guard on the session of a request, and tells whether it has seen anything.

:func:`guard` changes the class of one session object in place, to a subclass of the engine's
own ``SessionStore`` whose ``load`` asks whether the session may be served, and whose ``save``
notices rotated keys. So any engine can be guarded, and neither ``SESSION_ENGINE`` nor
``SessionMiddleware`` has to be another one. A request that never touches its session pays for
the change of class, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from django_logout.guard import decision, prefetch
from django_logout.guard.db_store import FinalStore
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.sessions import activity, engines


@lru_cache(maxsize=8)
def guarded(store: type[SessionBase]) -> type[GuardedStore]:
    """The guarded subclass of an engine's store."""
    # Django derives the salt of session data from the class's qualified name.
    names = {
        "__qualname__": store.__qualname__,
        "__module__": store.__module__,
        "engine_store": store,
    }
    mixin = FinalStore if engines.of(store).final_deletes else GuardedStore
    return type(store.__name__, (mixin, store), names)


def guard(session: SessionBase, *, look: bool = True, request: Any = None) -> SessionState:
    """Guard a session object (once), and return what is seen of it.

    A session that has been loaded already, by a middleware before ours, is looked at now,
    unless it is known to have been logged in to this moment.
    """
    store: Any = session
    if install_guard(session, request) and look and "_session_cache" in session.__dict__:
        _look_again(session)
    state: SessionState = store.state
    return state


def install_guard(session: SessionBase, request: Any) -> bool:
    """Post the guard, for what is going to happen to a session object; false if it stands there
    already."""
    if isinstance(session, GuardedStore):
        return False
    store: Any = session
    store.__class__ = guarded(type(session))
    store.present(request)
    return True


def _look_again(session: Any) -> None:
    identity = session._identify(session._session_cache, session.session_key)
    if identity is None:
        return
    remembered = prefetch.recall(session, identity, None)
    found = decision.decide(session.state, identity, remembered, session.ask_expiry)
    if not session._admit(identity, found):
        session._session_cache = {}


def inherit(session: Any, original: Any) -> None:
    """Give a session object that a view has put in the place of the request's original one what
    the earlier objects have seen, if it is the same session.

    Only the object that is in place in the end inherits: a library may put another session in
    place for a while.
    """
    for earlier in _earlier_objects(session, original):
        session._get_session()
        before = earlier.identity
        # If the engine does not know the key any more, another tab has rotated it: the session
        # goes on there, and this request has not let go of it.
        rotated = before is not None and session.state.key_unknown
        session.state.inherit(earlier.state)
        if rotated:
            session.state.logins_seen.pop(before.id, None)


def _earlier_objects(session: Any, original: Any) -> Iterator[Any]:
    """The objects by which the request has looked at this session before, the newest first."""
    while session is not original:
        earlier = session.reopened
        if earlier is None and session.continues(original):
            earlier = original
        if earlier is None:
            return
        session = earlier
        if "state" in vars(session):
            yield session


# Whether anything has become of the session that is to be settled before the response leaves.


def needs_finalizing(request: HttpRequest, began_with: Any) -> bool:
    """Whether there is anything to do, found out without asking anybody: nothing for requests
    that leave their session alone, and mostly nothing for those that only read it."""
    session: Any = request.session
    if session is not began_with:
        return True  # the view has put another object in its place
    seen = session.__dict__
    if not ("state" in seen or "_session_cache" in seen or seen["modified"]):
        return bool(settings.SESSION_SAVE_EVERY_REQUEST)
    state, identity = session.state, None
    if "_session_cache" in seen:
        identity = session.identity
    return bool(
        settings.SESSION_SAVE_EVERY_REQUEST
        or session.modified
        or state.needs_attention
        or (identity and is_shut_out(request))
        or any(identity is None or session_id != identity.id for session_id in state.logins_seen)
        or (identity and (not identity.registered or activity.record_use(identity.id, request)))
    )


def is_shut_out(request: HttpRequest) -> bool:
    """Whether Django has looked for the session's user, and found nobody to let in. Looks at
    what it has found, and at nothing that would make it look."""
    found = [getattr(request, name, None) for name in ("_cached_user", "_acached_user")]
    lazy = type(getattr(request, "user", None)) is SimpleLazyObject
    return lazy and any(user is not None and not user.is_authenticated for user in found)
