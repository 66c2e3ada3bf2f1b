"""Read a cached session and its status in one ``get_many()``, once this process knows its id.

A wrong guess of the id costs a read and decides nothing: the status of the session that was
loaded is asked for then.
"""

from typing import Any
from uuid import UUID

from django.core.cache import caches

from django_logout.guard import status_cache
from django_logout.guard.status_cache import Entries
from django_logout.sessions.identity import Identity
from django_logout.utils.bounded import BoundedDict

#: A session's id, and what the cache holds of its status.
Prefetched = tuple[UUID, Entries] | None

#: The ids of sessions by a hash of their keys, so that no key is kept. It is Python's own hash,
#: which differs between processes.
_ids: BoundedDict[int, UUID] = BoundedDict()


def fetch_session(session: Any) -> Prefetched:
    """Read a session and its status before it is loaded.

    The engine finds the session in what was read when it asks the cache for it.
    """
    session_id = _ids.get(hash(session.session_key))
    if session_id is None or not session.engine.in_cache:
        return None
    key, cache = session.cache_key, status_cache.used_cache()
    if cache is None or session._cache is not caches[cache.alias]:
        return None  # the status is in another cache, or in none
    try:
        found = cache.read_status([key, *status_cache.keys(session_id)])
    except Exception:  # noqa: BLE001 - the engine and the guard meet it again, and handle it
        return None
    if found is None:
        return None
    session._cache = _ReadCache(session, found.get(key))
    return session_id, Entries(cache, found)


def recall_status(session: Any, identity: Identity, prefetched: Prefetched) -> Entries | None:
    """Return what was read with the session, if it was this one; else remember its id."""
    if prefetched is not None and prefetched[0] == identity.id:
        return prefetched[1]
    if identity.registered and session.engine.in_cache:
        _ids[hash(session.session_key)] = identity.id
    return None


class _ReadCache:
    """Stand in for a session's cache until the engine has asked for what was read."""

    def __init__(self, session: Any, value: Any) -> None:
        self._session, self._cache, self._value = session, session._cache, value

    def get(self, key: str, default: Any = None) -> Any:
        self._session._cache = self._cache
        return default if self._value is None else self._value
