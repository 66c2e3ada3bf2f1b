"""Put the guard on the session of a request, and tell whether the session has to be finalized.

:func:`watch_engine` makes the constructor of the engine's ``SessionStore`` return objects of a
subclass, whose ``load`` asks whether the session may be served, and whose ``save`` registers a
login that code has made and notices rotated keys. So any engine can be guarded, sessions that code
makes or opens are guarded too, and a project keeps its ``SESSION_ENGINE`` and its
``SessionMiddleware``. A request that never uses its session pays for the subclass, and nothing
else.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.functional import LazyObject, SimpleLazyObject
from django.utils.module_loading import import_string

from django_logout.conf import cached_until_setting_changes
from django_logout.guard import decision
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.sessions import activity, engines
from django_logout.sessions.identity import Identity

#: Where a request holds the session that it began with.
ORIGINAL = "_django_logout_session"


def watch_engine(*, setting: str = "SESSION_ENGINE", **kwargs: Any) -> None:
    """Guard every session object of the project's engine, wherever code makes it.

    It is called at start-up, and when a test changes the setting.
    """
    if setting != "SESSION_ENGINE":
        return
    try:
        engine = engines.current_engine()
    except Exception:  # noqa: BLE001 - a module can raise anything; a system check reports this
        return
    watch_store(engine.store)


def watch_store(store: type[SessionBase]) -> None:
    """Make the constructor of an engine's class return guarded objects, and so its subclasses'."""
    make: Any = store.__new__
    if hasattr(make, "watched"):
        return

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        cls = class_to_make(cls)
        if make is object.__new__:  # which takes no arguments
            return make(cls)
        return make(cls, *args, **kwargs)

    new.watched = True  # type: ignore[attr-defined]
    store.__new__ = staticmethod(new)  # type: ignore[method-assign]


def class_to_make(store: type[SessionBase]) -> type[SessionBase]:
    """Return the class of the object that the constructor of an engine's class returns."""
    return store if issubclass(store, GuardedStore) else _class_for(store)


def session_of(request: Any) -> Any:
    """Return the session of a request, or ``None`` if it has none.

    Projects leave it out for APIs, or put something else in its place: ``None``, a dict, an object
    of a test. That is no session of an engine; it cannot be guarded, and no one is logged in by it.
    """
    given = getattr(request, "session", None)
    session = as_session(given)
    if session is not None and session is not given:
        request.session = session
    return session


def as_session(given: Any) -> Any:
    """Return a session of an engine, also out of a lazy object; ``None`` for anything else."""
    if isinstance(given, LazyObject):
        given.__class__  # noqa: B018 - this makes the session
        given = given.__dict__["_wrapped"]
    return given if issubclass(type(given), SessionBase) else None


def session_and_state(request: Any) -> tuple[Any, SessionState]:
    """Return the session of a request, and what has happened to it: nothing, if there is none."""
    session = session_of(request)
    return session, SessionState(None) if session is None else session_state(session)


def state_of(request: Any) -> SessionState:
    """Return what has happened to the session of a request: nothing, if it has none."""
    return session_and_state(request)[1]


def guard_session(request: Any) -> Any:
    """Guard the session of a request, check it now if it has been loaded, and return it.

    ``None`` is returned for a request without a session.
    """
    session = vars(request)[ORIGINAL] = session_of(request)
    if isinstance(session, GuardedStore):
        session.serve(request)
    if (
        session is not None
        and install_guard(session, request)
        and "_session_cache" in vars(session)
    ):
        session.recheck()
    return session


def install_guard(session: SessionBase, request: Any) -> bool:
    """Guard a session object for a request; return false if it was guarded when it was loaded.

    Objects of the project's engine are guarded when they are made. One of another engine is guarded
    here, and that engine's later objects when they are made.
    """
    store: Any = session
    if isinstance(session, GuardedStore):
        if request is not None and vars(store)["presented"][1] is None:
            store.serve(request)
        return bool(store.unchecked)
    watch_store(type(session))
    store.__class__ = _class_for(type(session))
    store.present(request)
    return True


def session_state(session: SessionBase, *, look: bool = True, request: Any = None) -> SessionState:
    """Return what has happened to a session in this request, and guard it first if necessary.

    A session that an earlier middleware has loaded is checked now. ``look=False`` leaves that out,
    for one that is known to have been logged in to this moment.
    """
    store: Any = session
    if install_guard(session, request) and look and "_session_cache" in session.__dict__:
        store.recheck()
    state: SessionState = store.state
    return state


@cached_until_setting_changes("SESSION_ENGINE", "DATABASE_ROUTERS", "DATABASES")
def guarded(store: type[SessionBase], *, checked: bool = False) -> type[GuardedStore]:
    """Return the guarded subclass of an engine's store; with ``checked``, one whose login other apps
    may end."""
    engine = engines.engine_of(store)
    # Django derives the salt of session data from the class's qualified name.
    names = {
        "__qualname__": store.__qualname__,
        "__module__": store.__module__,
        "engine_store": store,
        "engine": engine,
    }
    if hasattr(store, "_get_storage_path"):
        # Django's file engine keeps the folder on the class, from which projects' tests delete it.
        names["_get_storage_path"] = store._get_storage_path
    mixin: Any = GuardedStore
    if engine.final_deletes:  # only then is its module needed
        mixin = import_string("django_logout.guard.db_store.FinalStore")
    bases: tuple[Any, ...] = (mixin, store)
    if checked:  # and this one, too
        bases = (import_string("django_logout.guard.elsewhere.CheckedStore"), *bases)
    return type(store.__name__, bases, names)


def _class_for(store: type[SessionBase]) -> type[GuardedStore]:
    return guarded(store, checked=bool(decision.login_checks))


def inherit(session: Any, original: Any) -> None:
    """Pass on what earlier objects have seen of a session to the object that has replaced them.

    Only the object that is in place after the view inherits: a library may have put another
    session in place for a while.
    """
    for earlier in _earlier_objects(session, original):
        if session.presented_key != earlier.presented_key:
            earlier.look_behind()
        elif "state" not in vars(earlier):
            continue
        session._get_session()
        before = earlier.identity
        # If the engine does not know the key any more, another tab has rotated it. The session is
        # active there, so this request has not dropped it.
        rotated = before is not None and session.state.key_unknown
        session.state.inherit(earlier.state)
        if rotated:
            session.state.logins_seen.pop(before.id, None)


def login_of(request: HttpRequest) -> Identity | None:
    """Return the login that a request came with or has made, whether or not it has ended.

    The view may have put other session objects in place since. ``None`` means that there is none.
    """
    session = session_and_state(request)[0]
    if session is None:
        return None
    for each in (session, *_earlier_objects(session, vars(request).get(ORIGINAL))):
        state: SessionState = each.state
        login: Identity | None = state.identity or each.identity
        if login is None and state.refused is not None:
            login, _ = state.refused
        if login is not None:
            return login
    return None


def _earlier_objects(session: Any, original: Any) -> Iterator[Any]:
    """Yield the objects with which the request has used this session before, the newest first."""
    while session is not original:
        earlier = session.reopened
        if earlier is None and original is not None and session.continues(original):
            earlier = original
        if earlier is None:
            return
        session = earlier
        yield session


def needs_finalizing(request: HttpRequest, began_with: Any) -> bool:
    """Return whether the session needs work before the response leaves, without any I/O.

    A request that does not use its session needs none, and one that only reads it seldom does.
    """
    session = session_of(request)
    if session is None:
        return False
    if session is not began_with:
        return True  # the view has replaced it
    seen = session.__dict__
    if not ("state" in seen or "_session_cache" in seen or seen["modified"]):
        return bool(settings.SESSION_SAVE_EVERY_REQUEST)
    if settings.SESSION_SAVE_EVERY_REQUEST or session.needs_attention:
        return True
    state, identity = session.state, None
    if "_session_cache" in seen:
        identity = session.identity
    return bool(
        (identity and is_shut_out(request))
        or any(identity is None or session_id != identity.id for session_id in state.logins_seen)
        or (identity and (not identity.registered or activity.record_use(identity.id, request)))
    )


def is_shut_out(request: HttpRequest) -> bool:
    """Return whether Django has loaded the request's user, and found the session not valid.

    Looks only at what Django has cached, so that nothing is loaded for it.
    """
    found = [getattr(request, name, None) for name in ("_cached_user", "_acached_user")]
    lazy = type(getattr(request, "user", None)) is SimpleLazyObject
    return lazy and any(user is not None and not user.is_authenticated for user in found)
