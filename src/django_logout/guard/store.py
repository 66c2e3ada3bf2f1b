"""The guarded session: the project's own store, checked when it is loaded and when it is saved."""

from __future__ import annotations

from asyncio import Lock, get_running_loop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, partial
from time import time
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.utils import timezone
from django.utils.functional import LazyObject

from django_logout.exceptions import SessionUnavailable, is_outage, report_outage
from django_logout.guard import decision, prefetch
from django_logout.guard.state import SessionState
from django_logout.sessions import activity, registry, status
from django_logout.sessions.activity import is_passive
from django_logout.sessions.engines import Engine
from django_logout.sessions.identity import (
    ID_KEY,
    LOGIN_KEYS,
    ORIGINS_KEY,
    OUR_KEYS,
    STARTED_AT_KEY,
    Identity,
    identify,
    identify_stored,
    is_adopted,
    is_logged_in,
    new_code_login_id,
    parse_user_id,
)
from django_logout.sessions.status import SessionStatus
from django_logout.utils.context import current_request, ended_by_code
from django_logout.utils.lazy import lazy_import

if TYPE_CHECKING:
    _Base = SessionBase
else:
    _Base = object

T = TypeVar("T")

# Only code needs it that changes a password without a request.
keep_rehashed = lazy_import("guard.rehashed.keep_rehashed")
# Only synchronous code in an event loop needs it.
note_half_logins = lazy_import("guard.half_logins.note_half_logins")
select_half_logins = lazy_import("guard.half_logins.select_half_logins")
run_outside_event_loop = lazy_import("utils.threads.run_outside_event_loop")


def may_query(work: Callable[[], T]) -> T:
    """Call ``work``, which may query the database, where Django allows that."""
    try:
        get_running_loop()
    except RuntimeError:
        return work()
    result: T = run_outside_event_loop(work)
    return result


def _facts(data: dict[str, Any], seen: Identity | None) -> tuple[Any, ...]:
    """Return what the identity of a session depends on; ``seen`` is its login so far."""
    return (*map(data.get, (*LOGIN_KEYS, STARTED_AT_KEY)), seen)


def made_session(request: Any) -> GuardedStore | None:
    """Return the guarded session of a request. One that is made when it is used is not made for this:
    it may be about to be made."""
    session = getattr(request, "session", None)
    if issubclass(type(session), LazyObject):
        session = vars(session)["_wrapped"]
    return session if isinstance(session, GuardedStore) else None


class GuardedStore(_Base):
    """A mixin in front of the project's own ``SessionStore``."""

    engine_store: type[SessionBase]
    "The engine's own class."
    engine: Engine
    "What the project's own engine can do."
    reopened: GuardedStore | None = None
    "The request's session when this object was made of it by ``request.session.__class__(key)``."
    unchecked: bool = False
    "Whether this object is a copy, whose data it has not loaded itself."
    _identified: tuple[Any, Identity | None] = (), None
    "The login, and what it was found from."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open a session by the guarded class, as libraries do that reload ``request.session``."""
        super().__init__(*args, **kwargs)
        request = current_request.get()
        self.present(request)
        earlier = made_session(request)
        if earlier is not None and self.continues(earlier):
            self.reopened = earlier

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copy and pickle as an object of the engine's own class, which knows no request.

        The constructor opens the cache of Django's engines, which cannot be copied.
        """
        left = {"presented", "opened", "reopened", "state", "_identified", "_cache", "_loading"}
        plain = {name: value for name, value in vars(self).items() if name not in left}
        plain["unchecked"] = True
        return self.engine_store, (), plain

    def present(self, request: Any) -> None:
        """Remember the key that the session is opened by and when, and the request that is served."""
        key = self.session_key
        if key and "\x00" in key:  # no engine has such a key, and PostgreSQL refuses the query
            self._session_key = key = None
        self.__dict__["presented"] = key, request
        self.__dict__["opened"] = time()

    def serve(self, request: Any) -> None:
        """Belong to the request that is served: the object was made before that was known.

        It may have been made while a view served another request, and sent this one to its own
        site.
        """
        self.__dict__["presented"] = self.presented_key, request
        self.reopened = None
        if "state" in vars(self):
            self.state.request = request

    def continues(self, earlier: GuardedStore) -> bool:
        """Return whether this object, in place of an earlier one, is the same session.

        It is if it was opened by a key that the earlier one has or had, or by none.
        """
        return self.presented_key in {None, earlier.session_key, earlier.presented_key}

    @property
    def presented_key(self) -> str | None:
        """The key that the object was opened by."""
        key: str | None = self.__dict__["presented"][0]
        return key

    @cached_property
    def state(self) -> SessionState:
        """What has happened to the session; made when the session is first used, if it ever is."""
        return SessionState(*self.__dict__["presented"])

    @property
    def identity(self) -> Identity | None:
        """The login of this session by its loaded data, whatever code has changed in them."""
        data, seen = self._data, self.state.identity
        facts = _facts(data, seen)
        if facts != self._identified[0]:
            self._identified = facts, self._find_identity(data, seen)
        return self._identified[1]

    def _find_identity(self, data: dict[str, Any], seen: Identity | None) -> Identity | None:
        """Return the login of data that code may have changed since they were loaded."""
        if SESSION_KEY not in data or not is_logged_in(data):
            return None
        now, user_id = identify(data, None), str(data[SESSION_KEY])
        if now is not None and (seen is None or now.id != seen.id):
            return now
        if seen is not None and seen.user_id == user_id:
            return seen  # even if code has dropped the id
        # Code has written the keys of a login: without an id, or over those of another user.
        if parse_user_id(data[SESSION_KEY]) is None:  # No user has this key, so the login is void.
            for name in LOGIN_KEYS:
                data.pop(name, None)
            return None
        return Identity(new_code_login_id(), user_id, registered=False)

    @property
    def proved_identity(self) -> Identity | None:
        """The login of this session, unless code has written another id into the data since it was
        loaded. That may be the id of another user's session, which must not end with this one."""
        identity, known = self.identity, self.state.identity
        proved = identity is not None and (
            identity.id in self.state.logins_seen or (known is not None and known.id == identity.id)
        )
        return identity if proved else None

    @property
    def needs_attention(self) -> bool:
        """Whether anything has happened to the session other than being read."""
        state = self.state
        unread = bool(self.presented_key) and not state.looked
        return self.modified or unread or state.needs_attention

    # SessionMiddleware saves a modified session and sets its cookie. If the session has been saved
    # already, it still has to set the cookie, but not to save again.
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
        key = self.session_key
        with self._inside():
            cached = prefetch.fetch_session(self)
            data = super().load()
        return self._decide(data, key, cached)

    async def _aget_session(self, no_load: bool = False) -> dict[str, Any]:
        # Several tasks of a request may load it at once. None overwrites what another has written
        # meanwhile: some engines' own aload() never waits.
        async with self._loading:
            data: dict[str, Any] = await super()._aget_session(no_load)  # type: ignore[misc]
        return data

    @cached_property
    def _loading(self) -> Lock:
        return Lock()

    async def aload(self) -> dict[str, Any]:
        if not self.engine.native_async:
            # Django's own aload() goes to a thread for each query. Going there once is cheaper.
            return await sync_to_async(self.load)()
        key = self.session_key
        with self._inside():
            data = await super().aload()
        return await sync_to_async(self._decide)(data, key)

    def save(self, must_create: bool = False) -> None:
        if self.state.in_engine_code:
            return super().save(must_create)
        # Through our own load(); the engine would load it inside its save(), unguarded.
        self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        if may_query(partial(self._before_save, must_create)):
            with self._inside():
                super().save(must_create)
            may_query(partial(self._after_save, must_create))
        return None

    async def asave(self, must_create: bool = False) -> None:
        if not self.engine.native_async:
            return await sync_to_async(self.save)(must_create)
        await self._aget_session(no_load=must_create)
        if await sync_to_async(self._before_save)(must_create):
            with self._inside():
                await super().asave(must_create)
            await sync_to_async(self._after_save)(must_create)
        return None

    def delete(self, session_key: str | None = None) -> None:
        if session_key is None and not self.state.in_engine_code:
            may_query(self.look_behind)
            self.state.deleted_key = self.session_key
        super().delete(session_key)

    async def adelete(self, session_key: str | None = None) -> None:
        if session_key is None and not self.state.in_engine_code:
            await sync_to_async(self.look_behind)()
            self.state.deleted_key = self.session_key
        await super().adelete(session_key)

    async def acreate(self) -> None:
        # The file engine's own would block the event loop, and ask for the status there.
        await sync_to_async(self.create)()

    def flush(self) -> None:
        self._get_session()  # type: ignore[attr-defined]  # else its user would be unknown
        if end := self.state.take_before_flush():
            end()
        super().flush()

    async def aflush(self) -> None:
        await self._aget_session()
        if end := self.state.take_before_flush():
            await sync_to_async(end)()
        await super().aflush()

    async def acycle_key(self) -> None:
        # Some engines' own would call our save() in the event loop.
        await sync_to_async(self.cycle_key)()

    def adopt(self) -> None:
        """Register a session that has no row, in the save that stores its id.

        It is from before the installation, or code has made the login.
        """
        identity = self.identity
        if identity is not None and not identity.registered:
            found = registry.adopt_session(self, identity, self.state.request)
            if found or is_adopted(identity.id):
                self.state.adopted = True
                started_at = self._data.get(STARTED_AT_KEY, 0)
                identity = identity._replace(registered=True, started_at=started_at)
                self.state.hold(identity, self._data.get(HASH_SESSION_KEY, ""))

    def look_behind(self) -> None:
        """Note whose login the engine holds under the presented key, if this object has not read it.

        Then code clears, deletes or replaces the session without having read it.
        """
        key, state = self.presented_key, self.state
        if key is None or state.looked:
            return
        state.looked = True
        behind: Any = type(self)(key)
        behind.ids_to_end()
        state.refused = behind.state.refused
        if behind.identity is not None:
            before = state.identity
            state.hold(behind.identity, behind.get(HASH_SESSION_KEY, ""))
            state.identity = before or behind.identity

    def find_login_left(self) -> Identity | None:
        """Return the login that the project has left in the session."""
        if self.state.deleted_key is not None and self.state.deleted_key == self.session_key:
            return None  # What the object still holds is stored nowhere any more.
        if "_session_cache" in vars(self):
            self.look_behind()
        elif self.state.logins_seen:  # Code has called load() itself, which keeps nothing here.
            self._get_session()  # type: ignore[attr-defined]
        return self.identity

    def ids_to_end(self) -> list[UUID]:
        """Return the ids of the login that this session is, was, or has been rotated to.

        Loads the session, and adopts it if it has no row, so that it can be ended. An ended
        session counts too, since its mark in the cache may have to be written again.
        """
        self._get_session()  # type: ignore[attr-defined]
        self.adopt()
        identity, state = self.proved_identity, self.state
        if identity is not None:
            return [identity.id]
        if state.refused is not None:
            return [state.refused[0].id]
        if state.logins_seen:  # Django has dropped it in this request, e.g. for a stale hash
            return list(state.logins_seen)
        if state.key_unknown and state.key:
            # Another tab has rotated the key, and this one still has the previous one.
            if state.successors is None:
                state.successors = registry.ids_by_previous_key(state.key)
            return state.successors
        return []

    def load_to_end(self, stored: dict[str, Any] | None) -> None:
        """Take the data of a session that is presented only to be ended.

        Its status is not asked for, since nothing of it is served. ``None`` means that the engine
        does not know the session.
        """
        key = self.session_key
        if stored is None:
            self._session_key = None
        self.__dict__["_session_cache"] = stored or {}
        identity = self._identify(self._data, key)
        if identity is not None and not identity.registered:
            # Without an id of ours, it must not get a row unless it may be adopted.
            with self._asking():
                found = status.get_status(identity)
            admitted = self._admit(identity, found)
            self.__dict__["_session_cache"] = self._data if admitted else {}

    def read_presented(self) -> tuple[str | None, dict[str, Any]]:
        """Return what the engine holds under the presented key, be it ended or not, and the key.

        The key is ``None`` if the engine does not know it.
        """
        behind: Any = type(self)(self.presented_key)
        with behind._inside():
            return behind.session_key, behind.load()

    def recheck(self) -> None:
        """Decide on a session that was loaded before it was guarded, or in another object."""
        self.unchecked = False
        identity = self._identify(self._data, self.session_key)
        if identity is not None and not self._admit(identity, self._status(identity, None)):
            self._session_cache: dict[str, Any] = {}

    def _decide(
        self, data: dict[str, Any], key: str | None, cached: prefetch.Prefetched = None
    ) -> dict[str, Any]:
        """Return the loaded data if the session may be served, else none of them."""
        identity = self._identify(data, key)
        if identity is None:
            return data
        with self._asking():
            found = may_query(partial(self._status, identity, cached))
        return data if self._admit(identity, found) else {}

    def _identify(self, data: dict[str, Any], key: str | None) -> Identity | None:
        identity, state = identify_stored(data, key), self.state
        state.looked, state.key_unknown = True, not data and not self.session_key
        if identity is None and data:
            state.half_logins = select_half_logins(data)
        if identity is not None:
            if not identity.registered:
                with self._asking():
                    identity = may_query(partial(registry.find_adopted, identity))
                    identity = identity._replace(written_at=self.engine.written_at(self, key))
            state.hold(identity, data.get(HASH_SESSION_KEY, ""))
            data[ID_KEY] = str(identity.id)  # the id goes with the data, to a new key too
            self._identified = _facts(data, identity), identity
        return identity

    def _status(self, identity: Identity, cached: prefetch.Prefetched) -> SessionStatus:
        remembered = prefetch.recall_status(self, identity, cached)
        return decision.decide_status(self.state, identity, remembered, self._ask_timeouts)

    def _ask_timeouts(self, identity: Identity) -> SessionStatus:
        # A timeout may depend on the user of the request, and so load this very session.
        with self._inside():
            return decision.timeouts_from_row(identity, self.state.request)

    def _admit(self, identity: Identity, found: SessionStatus) -> bool:
        if found.foreign:  # nothing that is done to this session may reach the other one
            identity = identity._replace(id=uuid4())
        if not found.active:
            self.state.identity, self.state.refused = None, (identity, found)
            self.state.logins_seen.clear()
            self._session_key = None  # as Django does for a session that does not exist
        return found.active

    def _before_save(self, must_create: bool) -> bool:
        """Return whether there is anything to save.

        An ended session is never saved as logged in, even if a middleware has restored the keys
        from a snapshot of its own.
        """
        state = self.state
        modified = must_create or self.__dict__["modified"]
        # What the page polls by itself does not lengthen a session's life, even if
        # SESSION_SAVE_EVERY_REQUEST is set.
        passive = state.request is not None and is_passive(state.request)
        if not modified and (state.saved or passive):
            return False
        self.look_behind()
        if state.request is None and ended_by_code.get():
            keep_rehashed(self)
        self._check_login()
        if state.ended_elsewhere and ID_KEY in self._data:
            raise UpdateError
        if self.identity is None:
            # A socket keeps its session open for hours, and what a request has ended itself, such
            # as by a new password, it has ended before the proof.
            served = state.request is not None and not state.caused
            note_half_logins(self._data, self.__dict__["opened"] if served else time())
        self.adopt()
        return True

    def _check_login(self) -> None:
        """Put back the id of a login that code has kept, and drop a login that has been lost."""
        data, identity, state = self._data, self.identity, self.state
        drop: tuple[str, ...] = ()
        if identity is None:
            drop = OUR_KEYS
        elif identity.id in state.lost:
            drop = (*LOGIN_KEYS, *OUR_KEYS)
        elif identity == state.identity:
            data[ID_KEY], data[STARTED_AT_KEY] = str(identity.id), identity.started_at
            if identity.origin_hashes:
                data[ORIGINS_KEY] = list(identity.origin_hashes)
        elif not identity.registered:
            drop = self._check_new_login(identity)
        for key in drop:
            data.pop(key, None)

    def _check_new_login(self, identity: Identity) -> tuple[str, ...]:
        """Refuse a login by code if the request's own session of that user has ended.

        Returns the keys to drop. Raises :class:`UpdateError` if it is another session object than
        that of the request.
        """
        own = self.reopened  # not by its truth: Django 6.1's empty sessions are false
        if own is None:
            own = made_session(self.state.request)
        owner = self.state if own is None else own.state
        mine = owner.logins_of(identity.user_id) | self.state.logins_of(identity.user_id)
        if mine.isdisjoint(owner.lost | self.state.lost):
            self.state.beside = frozenset(mine)
            return (ORIGINS_KEY,)
        if own is not None and own is not self:
            raise UpdateError
        return (*LOGIN_KEYS, *OUR_KEYS)

    def _after_save(self, must_create: bool) -> None:
        """Withdraw a session that has ended meanwhile, under this key or a new one."""
        identity = self.identity
        if identity is None or not identity.registered:
            return
        with self._asking():
            found = self._still_active(identity)
        activity.record_expiry(
            identity.id, timezone.now() + timedelta(seconds=self.get_expiry_age())
        )
        if not found.active and self.state.request is None and identity.id in ended_by_code.get():
            # Code that has changed the password is rotating the key, before it writes the new hash
            # (see ``guard.rehashed``). Until then no request is served with the session.
            return
        if not found.active:
            self.state.ended_elsewhere = True
            self.delete(self.session_key)
            if not must_create:
                raise UpdateError

    def _still_active(self, identity: Identity) -> SessionStatus:
        before, self.state.key = self.state.key, self.session_key
        beside, self.state.beside = self.state.beside, frozenset()
        for session_id in beside:
            if not status.get_status(
                Identity(session_id, identity.user_id, registered=True)
            ).active:
                registry.delete_unfinished_login(identity.id)
                return SessionStatus(False)
        if before != self.session_key and self.engine.keyed:
            done = registry.record_new_key(identity, self, before=before)
            return SessionStatus(True) if done else status.get_status(identity)
        if self.state.adopted:  # it had no row when it was loaded: an ending may have missed it
            return status.get_status(identity)
        remembered = prefetch.recall_status(self, identity, None)
        return decision.ask_status(self.state, identity, remembered)

    @property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.__dict__.get("_session_cache", {})
        return data

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Mark that the engine's own code runs, which may call its own methods."""
        self.state.in_engine_code = True
        try:
            with self._asking():
                yield
        finally:
            self.state.in_engine_code = False

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Note an outage for the response, which may come from a view that has met it."""
        try:
            yield
        except SessionUnavailable:
            self.state.unavailable = True
            raise
        except Exception as error:
            if not is_outage(error):
                raise
            self.state.unavailable = True
            raise report_outage(error) from error
