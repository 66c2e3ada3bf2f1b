"""The guard on a request's session: the project's own store, watched from within."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import Error as DatabaseError
from django.utils import timezone

from django_logout.exceptions import SessionUnavailable
from django_logout.guard import decision, prefetch
from django_logout.guard.state import SessionState
from django_logout.sessions import activity, engines, registry, status
from django_logout.sessions.activity import is_passive
from django_logout.sessions.identity import ID_KEY, Identity, identify
from django_logout.sessions.status import SessionStatus
from django_logout.utils.context import current_request

if TYPE_CHECKING:
    _Base = SessionBase
else:
    _Base = object

#: What makes a session somebody's.
LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, ID_KEY)


class GuardedStore(_Base):
    """Mixed in front of the project's own ``SessionStore``."""

    engine_store: type[SessionBase]
    "The engine's own class."
    reopened: GuardedStore | None = None
    "The request's session when this object was made of it by ``request.session.__class__(key)``."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open a session by the guarded class, as libraries do that reload ``request.session``."""
        super().__init__(*args, **kwargs)
        request = current_request.get()
        self.present(request)
        earlier = getattr(request, "session", None)
        if isinstance(earlier, GuardedStore) and self.continues(earlier):
            self.reopened = earlier

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copy and pickle as an object of the engine's own class, which knows no request."""
        ours = {"presented", "reopened", "state"}
        plain = {name: value for name, value in vars(self).items() if name not in ours}
        return object.__new__, (self.engine_store,), plain

    def present(self, request: Any) -> None:
        """Remember the key that the session is opened by, and the request that is served."""
        key = self.session_key
        if key and "\x00" in key:  # no engine has it, and PostgreSQL refuses to be asked for it
            self._session_key = key = None
        self.__dict__["presented"] = key, request

    def continues(self, earlier: GuardedStore) -> bool:
        """Whether this object, in the place of an earlier one, is the same session: it was opened
        by a key that the earlier one has or had, or by none."""
        key, _ = self.__dict__["presented"]
        return key in {None, earlier.session_key, earlier.__dict__["presented"][0]}

    @cached_property
    def state(self) -> SessionState:
        """What is seen of it; begun when it is first touched, which it mostly never is."""
        return SessionState(*self.__dict__["presented"])

    @property
    def engine(self) -> engines.Engine:
        """What the project's own engine can do."""
        return engines.of(type(self))

    @property
    def identity(self) -> Identity | None:
        """Whose session this is now, as far as its loaded data tell."""
        now = identify(self._data, self.session_key)
        seen = self.state.identity
        return seen if now and seen and now.id == seen.id else now

    # SessionMiddleware sets the cookie if the session is modified, and saves it then. When it
    # has been saved already, it must still set the cookie, and not save again.
    @property
    def modified(self) -> bool:
        return bool(self.__dict__["modified"] or ("state" in self.__dict__ and self.state.saved))

    @modified.setter
    def modified(self, value: bool) -> None:
        self.__dict__["modified"] = value

    def __setitem__(self, key: str, value: Any) -> None:
        if key == SESSION_KEY:
            self.state.logged_in = True
        super().__setitem__(key, value)

    async def aset(self, key: str, value: Any) -> None:
        if key == SESSION_KEY:
            self.state.logged_in = True
        await super().aset(key, value)

    def load(self) -> dict[str, Any]:
        if self.state.in_engine_code:
            return super().load()
        presented = self.session_key
        with self._inside(Exception):
            prefetched = prefetch.fetch(self)
            data = super().load()
        identity = self._identify(data, presented)
        with self._asking():
            if identity is None:
                return data
            remembered = prefetch.recall(self, identity, prefetched)
            found = decision.decide(self.state, identity, remembered, self.ask_expiry)
            return data if self._admit(identity, found) else {}

    async def aload(self) -> dict[str, Any]:
        presented = self.session_key
        with self._inside(Exception):
            prefetched = await prefetch.afetch(self)
            data = await super().aload()
        identity = self._identify(data, presented)
        with self._asking():
            if identity is None:
                return data
            remembered = prefetch.recall(self, identity, prefetched)
            found = await decision.adecide(self.state, identity, remembered, self.ask_expiry)
            return data if self._admit(identity, found) else {}

    def save(self, must_create: bool = False) -> None:
        if self.state.in_engine_code:
            return super().save(must_create)
        # Through our own load(); the engine would load it inside its save(), unguarded.
        self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        if self._before_save(must_create):
            with self._inside():
                super().save(must_create)
            self._after_save(must_create)
        return None

    async def asave(self, must_create: bool = False) -> None:
        await self._aget_session(no_load=must_create)  # type: ignore[attr-defined]
        if await sync_to_async(self._before_save)(must_create):
            with self._inside():
                await super().asave(must_create)
            await sync_to_async(self._after_save)(must_create)

    async def acreate(self) -> None:
        await sync_to_async(self.create)()  # the file engine's own would block, and ask the gate

    def flush(self) -> None:
        self._get_session()  # type: ignore[attr-defined]  # or nobody would know whose it was
        super().flush()

    async def aflush(self) -> None:
        await self._aget_session()  # type: ignore[attr-defined]
        await super().aflush()

    async def acycle_key(self) -> None:
        # Some engines' own would call our save() in the event loop.
        await sync_to_async(self.cycle_key)()

    def _identify(self, data: dict[str, Any], presented: str | None) -> Identity | None:
        identity = identify(data, presented)
        self.state.key_unknown = not data and not self.session_key
        if identity is not None:
            self.state.hold(identity, data.get(HASH_SESSION_KEY, ""))
            data[ID_KEY] = str(identity.id)  # goes where the data goes: to a new key too
        return identity

    def _admit(self, identity: Identity, standing: SessionStatus) -> bool:
        if not standing.active:
            self.state.identity, self.state.refused = None, (identity, standing)
            self.state.logins_seen.clear()
            self._session_key = None  # as Django does for a session that is not there
        return standing.active

    def ask_expiry(self, identity: Identity) -> SessionStatus:
        """Whether a session is within its limits, which may depend on what the request holds:
        as that may be this session, it is loaded as it is for as long."""
        with self._inside():
            return decision.ask(identity, self.state.request)

    def _before_save(self, must_create: bool) -> bool:
        """Whether there is anything to save. A session that has ended is never saved as
        somebody's, whatever has put the keys back (some middlewares restore snapshots)."""
        modified = must_create or self.__dict__["modified"]
        if not modified and (self.state.saved or self._is_passive()):
            return False
        data = self._data
        refused = {self.state.refused[0].id} if self.state.refused else set()
        if data.get(ID_KEY) in {str(dead) for dead in self.state.ended | refused}:
            for key in LOGIN_KEYS:
                data.pop(key, None)
        if self.state.ended_elsewhere and ID_KEY in data:
            raise UpdateError
        self.adopt()
        return True

    def _is_passive(self) -> bool:
        """Whether it would be saved for SESSION_SAVE_EVERY_REQUEST alone, by what the page does by
        itself: that lengthens no session."""
        return self.state.request is not None and is_passive(self.state.request)

    def adopt(self) -> None:
        """Register a session from before our time, in the save that gives it its id."""
        identity = self.identity
        if identity is not None and not identity.registered:
            registry.adopt(self, identity, self.state.request)
            self.state.adopted = True
            self.state.identity = identity._replace(registered=True)

    @property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.__dict__.get("_session_cache", {})
        return data

    def _after_save(self, must_create: bool) -> None:
        """A session that has ended meanwhile must not live on, under this key or a new one."""
        identity = self.identity
        if identity is None or not identity.registered:
            return
        with self._asking():
            alive = self._still_alive(identity)
        activity.record_expiry(
            identity.id, timezone.now() + timedelta(seconds=self.get_expiry_age())
        )
        if not alive:
            self.state.ended_elsewhere = True
            self.delete(self.session_key)
            if not must_create:
                raise UpdateError

    def _still_alive(self, identity: Identity) -> bool:
        before, self.state.key = self.state.key, self.session_key
        if before != self.session_key and self.engine.keyed:
            return registry.record_new_key(identity.id, self, before=before)
        if self.state.adopted:  # it had no row while it was loaded: an ending may have missed it
            return status.get_status(identity).active
        remembered = prefetch.recall(self, identity, None)
        return decision.ask_status(self.state, identity, remembered).active

    @contextmanager
    def _inside(self, *errors: type[Exception]) -> Iterator[None]:
        self.state.in_engine_code = True
        try:
            with self._asking(*errors):
                yield
        finally:
            self.state.in_engine_code = False

    @contextmanager
    def _asking(self, *errors: type[Exception]) -> Iterator[None]:
        # Whatever a load raises, the session cannot be read: clients of caches have errors of
        # their own. A save may raise what the project has put into the session.
        caught: tuple[type[Exception], ...] = (DatabaseError, OSError, SessionUnavailable, *errors)
        try:
            yield
        except caught as error:
            self.state.unavailable = True
            raise SessionUnavailable("The session store does not answer.") from error
