"""The guard on a request's session: the project's own store, watched from within.

:func:`guard` changes the class of one session object in place, to a subclass of the engine's
own ``SessionStore`` whose ``load`` asks the gate and whose ``save`` notices rotated keys. A
request that never touches its session pays for the change of class, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import Error as DatabaseError
from django.http import HttpRequest, parse_cookie

from django_logout import engines, gate, registry
from django_logout.exceptions import SessionUnavailable
from django_logout.registry import Identity, Standing

logger = logging.getLogger("django_logout")

if TYPE_CHECKING:
    _Base = SessionBase
else:
    _Base = object

#: What makes a session somebody's.
LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, registry.ID_KEY)


class Watch:
    """What the guard has seen of one session during one request."""

    __slots__ = (
        "announcing",
        "beside",
        "busy",
        "confirmed",
        "ended",
        "held",
        "identity",
        "key",
        "login",
        "lost",
        "missed",
        "refused",
        "saved",
        "unavailable",
    )

    def __init__(self, key: str | None) -> None:
        self.key = key
        "The key the registry knows, or will."
        self.identity: Identity | None = None
        "Who was logged in when the session was loaded, or has logged in since."
        self.held: dict[UUID, tuple[str, str]] = {}
        "Every session this object has been, with its user's id and password hash."
        self.login: tuple[UUID, Any] | None = None
        "A login of this request whose row is not known to be committed."
        self.unavailable = False
        "Nobody could tell whether the session is alive."
        self.refused: tuple[Identity, Standing] | None = None
        "The ended session that this request came with."
        self.ended: set[UUID] = set()
        "Sessions ended by this request itself."
        self.confirmed: set[UUID] = set()
        "Those whose ending is known to be committed and remembered."
        self.announcing = False
        "``user_logged_out`` is being sent by the door itself."
        self.beside: list[GuardedStore] | None = None
        "Further sessions that the browser presented under the same cookie name."
        self.missed = False
        "The engine did not know the key that was presented."
        self.lost = False
        "The session ended elsewhere while this request was in flight."
        self.saved = False
        "Already saved for this response."
        self.busy = False
        "Inside the engine's own code, which may call itself."

    def hold(self, identity: Identity, auth_hash: str) -> None:
        """Remember who the session is now, so that its being let go is noticed."""
        self.identity = identity
        self.held[identity.id] = (identity.user_id, auth_hash)

    def confirm_login(self) -> None:
        """The row of the login is committed."""
        self.login = None


class GuardedStore(_Base):
    """Mixed in front of the project's own ``SessionStore``."""

    watch: Watch

    # SessionMiddleware sets the cookie if the session is modified, and saves it then. When it
    # has been saved already, it must still set the cookie, and not save again.
    @property
    def modified(self) -> bool:
        return bool(self.__dict__["modified"] or self.watch.saved)

    @modified.setter
    def modified(self, value: bool) -> None:
        self.__dict__["modified"] = value

    def load(self) -> dict[str, Any]:
        if self.watch.busy:
            return super().load()
        presented = self.session_key
        with self._inside():
            data = super().load()
        identity = self._identify(data, presented)
        with self._refusing():
            if identity is None or self._admit(identity, gate_or_pass(self, identity)):
                return data
        return {}

    async def aload(self) -> dict[str, Any]:
        presented = self.session_key
        with self._inside():
            data = await super().aload()
        identity = self._identify(data, presented)
        with self._refusing():
            if identity is None or self._admit(identity, await agate_or_pass(self, identity)):
                return data
        return {}

    def save(self, must_create: bool = False) -> None:
        if self.watch.busy:
            return super().save(must_create)
        self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # through our own load(), not the engine's
        if self._before_save():
            with self._inside():
                super().save(must_create)
            self._after_save(must_create)
        return None

    async def asave(self, must_create: bool = False) -> None:
        await self._aget_session(no_load=must_create)  # type: ignore[attr-defined]
        if await sync_to_async(self._before_save)():
            with self._inside():
                await super().asave(must_create)
            await sync_to_async(self._after_save)(must_create)

    def _identify(self, data: dict[str, Any], presented: str | None) -> Identity | None:
        identity = registry.identify(data, presented)
        self.watch.missed = not data and not self.session_key
        if identity is not None:
            self.watch.hold(identity, data.get(HASH_SESSION_KEY, ""))
            data[registry.ID_KEY] = str(identity.id)  # goes where the data goes: to a new key too
        return identity

    def _admit(self, identity: Identity, standing: Standing) -> bool:
        if not standing.alive:
            self.watch.identity, self.watch.refused = None, (identity, standing)
            self.watch.held.clear()
            self._session_key = None  # as Django does for a session that is not there
        return standing.alive

    def _before_save(self) -> bool:
        """Whether there is anything to save. A session that has ended is never saved as
        somebody's, whatever has put the keys back (some middlewares restore snapshots)."""
        if self.watch.saved and not self.__dict__["modified"]:
            return False
        data = self._data
        if self.watch.ended and data.get(registry.ID_KEY) in {
            str(session_id) for session_id in self.watch.ended
        }:
            for key in LOGIN_KEYS:
                data.pop(key, None)
        if self.watch.lost and registry.ID_KEY in data:
            raise UpdateError
        self._adopt()
        return True

    def _adopt(self) -> None:
        """Register a session from before our time, in the save that gives it its id."""
        identity = self.watch.identity
        if identity and not identity.registered and registry.ID_KEY in self._data:
            registry.adopt(self, identity)
            self.watch.identity = replace(identity, registered=True)

    @property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.__dict__.get("_session_cache", {})
        return data

    def _after_save(self, must_create: bool) -> None:
        """A session that has ended meanwhile must not live on, under this key or a new one."""
        identity = registry.identify(self._data, self.session_key)
        if identity is None or not identity.registered:
            return
        rotated, self.watch.key = self.session_key != self.watch.key, self.session_key
        engine = engines.of(unguarded(type(self)))
        if rotated and engine.keyed:
            alive = registry.follow(identity.id, self)
        elif engine.final_deletes:
            return
        else:
            alive = gate.ask(identity).alive
        if not alive:
            self.watch.lost = True
            self.delete(self.session_key)
            if not must_create:
                raise UpdateError

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except SessionUnavailable:
            self.watch.unavailable = True
            raise

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self.watch.busy = True
        try:
            yield
        except (DatabaseError, OSError) as error:
            self.watch.unavailable = True
            raise SessionUnavailable("The session store does not answer.") from error
        finally:
            self.watch.busy = False


def gate_or_pass(session: GuardedStore, identity: Identity) -> Standing:
    """Ask the gate, unless the engine's own deletes settle it."""
    if engines.of(unguarded(type(session))).final_deletes and identity.registered:
        return Standing(True)
    return gate.ask(identity)


async def agate_or_pass(session: GuardedStore, identity: Identity) -> Standing:
    """Like :func:`gate_or_pass`."""
    if engines.of(unguarded(type(session))).final_deletes and identity.registered:
        return Standing(True)
    return await gate.aask(identity)


@lru_cache(maxsize=8)
def guarded(store: type[SessionBase]) -> type[GuardedStore]:
    """The guarded subclass of an engine's store."""
    # Django derives the salt of session data from the class's qualified name.
    names = {"__qualname__": store.__qualname__, "__module__": store.__module__}
    return type(store.__name__, (GuardedStore, store), names)


def unguarded(store: type[SessionBase]) -> type[SessionBase]:
    """The engine's own store class."""
    return store.__mro__[2] if issubclass(store, GuardedStore) else store


def guard(session: SessionBase, *, look: bool = True) -> Watch:
    """Guard a session object (once), and return what is seen of it.

    A session that has been loaded already, by a middleware before ours, is looked at now,
    unless it is known to have been logged in to this moment.
    """
    if isinstance(session, GuardedStore):
        return session.watch
    watch = Watch(session.session_key)
    session.__dict__["watch"] = watch
    session.__class__ = guarded(type(session))
    if look and "_session_cache" in session.__dict__:
        _look_again(session, watch)
    return watch


def _look_again(session: Any, watch: Watch) -> None:
    identity = session._identify(session._session_cache, session.session_key)
    if identity is not None and not session._admit(identity, gate_or_pass(session, identity)):
        session._session_cache = {}


def forget_impossible_key(session: Any) -> None:
    """Drop a key that no engine can have: PostgreSQL refuses to be asked for a NUL."""
    if "\x00" in (session.session_key or ""):
        session._session_key = None


def presented(request: HttpRequest) -> list[UUID]:
    """Ids of the sessions that this request's browser presents, its own first.

    A browser sends several cookies of one name if they differ in path or domain. Django reads
    one of them; whoever logs out means all. Sessions from before our time are adopted, so that
    they can be ended.
    """
    session: Any = request.session
    watch = guard(session)
    if watch.beside is None:
        watch.beside = _beside(request, session)
    found = []
    for store in (session, *watch.beside):
        store.get(SESSION_KEY)  # loads it
        if store.watch.identity is not None:
            store._adopt()
            found.append(store.watch.identity.id)
        elif store.watch.refused is not None:
            found.append(store.watch.refused[0].id)
    return found


def _beside(request: HttpRequest, session: Any) -> list[Any]:
    name, header = settings.SESSION_COOKIE_NAME, request.META.get("HTTP_COOKIE", "")
    if header.count(f"{name}=") < 2:
        return []
    cookies = (parse_cookie(chunk) for chunk in header.split(";"))
    keys = {cookie[name] for cookie in cookies if name in cookie}
    stores = [unguarded(type(session))(key) for key in keys - {request.COOKIES.get(name)}]
    for store in stores:
        forget_impossible_key(store)
        guard(store)
    return stores


def empty(session: Any) -> None:
    """Empty an ended session, here and in the engine; it goes on as a fresh anonymous one."""
    for store in (session, *(session.watch.beside or ())):
        identity = store.watch.identity
        deleted = identity is not None and identity.id in session.watch.ended
        try:
            if not deleted or engines.of(unguarded(type(store))).model is None:
                store.delete(store.session_key)
        except Exception:
            logger.exception("The data of an ended session could not be deleted; it is refused.")
        store.clear()
        store._session_key = None
        store.watch.key = None
