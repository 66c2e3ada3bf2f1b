"""A session that its engine keeps in the cache, and what the gate remembers of it there: read at
one go, if this process has seen the session before, and so knows which id to ask for.

Wrong guesses cost a read and decide nothing: whatever the session says of itself is asked for then.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async

from django_logout.guard import status_cache
from django_logout.sessions.identity import Identity

#: A session's id, and what the cache remembers of it.
Prefetched = tuple[UUID, Mapping[str, Any]] | None

#: Sessions that a process knows again; beyond that it forgets those it has known longest.
MEMORY = 10_000

#: By a hash of its key (Python's own, which another process does not share): no key is kept.
_ids: dict[int, UUID] = {}
_lock = Lock()


def fetch(session: Any) -> Prefetched:
    """Before a session is loaded: read it and what is remembered of it, and let the engine find
    there what it is about to ask for."""
    session_id = _ids.get(hash(session.session_key))
    if session_id is None or not session.engine.in_cache:
        return None
    key, cache = session.cache_key, status_cache.shared_cache()
    if cache is None or session._cache is not cache:  # marks of another cache mean nothing
        return None
    try:
        found = cache.get_many([key, *status_cache.keys(session_id)])
    except Exception:  # noqa: BLE001 - engine and gate meet it again, and know what to do
        return None
    session._cache = _Read(session, found.get(key))
    return session_id, found


async def afetch(session: Any) -> Prefetched:
    """Like :func:`fetch`; leaves the event loop only when there is something to read."""
    known = hash(session.session_key) in _ids
    return await sync_to_async(fetch)(session) if known else None


def recall(session: Any, identity: Identity, prefetched: Prefetched) -> Mapping[str, Any] | None:
    """What has been read of this session, if it was this one. Else it is the next time."""
    if prefetched is not None and prefetched[0] == identity.id:
        return prefetched[1]
    if identity.registered and session.engine.in_cache:
        with _lock:
            while len(_ids) >= MEMORY:
                del _ids[next(iter(_ids))]
            _ids[hash(session.session_key)] = identity.id
    return None


class _Read:
    """Stands in for the cache of a session until the engine has asked for what has been read."""

    def __init__(self, session: Any, value: Any) -> None:
        self._session, self._cache, self._value = session, session._cache, value

    def get(self, key: str, default: Any = None) -> Any:
        self._session._cache = self._cache
        return default if self._value is None else self._value

    async def aget(self, key: str, default: Any = None) -> Any:
        return self.get(key, default)
