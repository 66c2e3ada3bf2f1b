"""Cache the status of sessions. The registry's row is the truth; a shared cache only remembers it.

There are two entries for each session, read together with one for everyone::

    mark   <id>   "ended", or a generation: a random name for "since the last change"
    seen   <id>   the generations under which a reader saw the row active (short-lived)
    mark   *      the generation of everyone

A session is served from the cache only if ``seen`` names the generations that are current *now*. A
reader takes the generations before it asks the row, and an ending replaces or deletes them after
its commit. So what a slow reader stores names a generation that is gone. No order of steps,
eviction or flush of the cache can make it current again: a lost generation is replaced by a new
random one, never by an old one. (With one ``active`` entry written by ``add()``, an eviction
between an ending's ``set()`` and a slow reader's ``add()`` would bring the session back.)

A cache that is restored from a snapshot, or whose replica is promoted, does bring entries back. So
the generation of everyone carries the name of the server that it was made on: a reader whose
connection knows another name replaces it, and nothing that was seen before counts any more. Where
no name can be asked (a cache that is neither Redis, Valkey nor memcached, which keeps nothing over
a restart), what is restored may count for :data:`SEEN_TTL` seconds.

Users have the same entries, under ``user:<hash>``: see :mod:`django_logout.guard.cutoff_cache`.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.db import connections

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.exceptions import SessionNotEnded, unavailable_on_outage
from django_logout.sessions import engines, registry, status, token_logins
from django_logout.sessions.caches import OpenCache, open_cache
from django_logout.sessions.engines import Engine
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.utils.bounded import batched
from django_logout.utils.lazy import lazy_import

# Imported with the first query outside of a transaction.
retry = lazy_import("utils.transactions.retry")

logger = logging.getLogger("django_logout.gate")

T = TypeVar("T")

ACTIVE = "active"
ENDED = "ended"
EVERYONE = "*"

#: Seconds for which the row is not asked again. Bounds what a cache can do that loses what it has
#: acknowledged without that being noticed.
SEEN_TTL = 60
SEEN_FOR = timedelta(seconds=SEEN_TTL)
#: Seconds for which generations and endings are kept; the row is asked when they are gone.
MARK_TTL = 24 * 60 * 60

#: Marks that are written at a time.
BATCH = 1000

#: Caches that other processes do not see, or that are not cheaper to ask than the row itself.
NOT_SHARED = ("locmem", "dummy", "filebased", "db")


def shared_cache() -> OpenCache | None:
    """Return the cache of the status, if all processes share it; else ``None``: ask the row."""
    backend: Any = type(caches[alias()])
    if not _is_shared(backend):
        return None
    cache = open_cache(alias())
    return None if cache.server.spread else cache


@lru_cache(maxsize=8)
def _is_shared(backend: Any) -> bool:
    # Known by their names, so that no backend is imported that the project does not use.
    modules = {base.__module__ for base in backend.__mro__}
    return not any(f"django.core.cache.backends.{name}" in modules for name in NOT_SHARED)


def alias() -> str:
    """Return the alias of the cache that holds the status, if it is shared."""
    return logout_settings().CACHE_ALIAS or settings.SESSION_CACHE_ALIAS


def used_cache(engine: Engine | None = None) -> OpenCache | None:
    """Return the cache that has to learn of endings; else ``None``: ask the row.

    The status of sessions whose deletes are final is not cached; that of token logins always is.
    """
    final = (engine or engines.current_engine()).final_deletes
    return None if final and not token_logins.in_use() else shared_cache()


class Entries(NamedTuple):
    """What was read of a session's status together with the session."""

    cache: OpenCache
    "The cache that has to learn of endings, in which they were found."
    found: Mapping[str, Any]
    "The entries by their keys."


def mark_key(name: UUID | str) -> str:
    """Return the key of a generation."""
    return f"django_logout:mark:{name}"


def seen_key(name: UUID | str) -> str:
    """Return the key of what a reader has seen."""
    return f"django_logout:seen:{name}"


def user_key(user_pk: Any) -> str:
    """Return the name of a user's entries, in place of a session's id.

    Sites with a database or a schema for each tenant may share one cache, and the same primary key
    is another user in each. A hash, since memcached takes neither blanks nor long keys.
    """
    connection = connections[registry.database()]
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        name = str(Path(name).resolve())  # processes may name one file differently
    tenant = f"{name} {getattr(connection, 'schema_name', '')}"  # of django-tenants
    return f"user:{sha256(f'{tenant} {user_pk}'.encode()).hexdigest()[:32]}"


def generation() -> str:
    """Return a random name."""
    return secrets.token_hex(8)


def generation_on(server: str) -> str:
    """Return a random name for everyone's generation, which carries the name of its server."""
    return f"{server}:{generation()}"


def keys(name: UUID | str) -> list[str]:
    """Return the keys of the entries about a session, or about a user."""
    return [mark_key(name), seen_key(name), mark_key(EVERYONE)]


def get_status(identity: Identity, entries: Entries | None = None) -> SessionStatus:
    """Return whether a session that the engine still knows may be served.

    Costs one cache read, unless what it would find was read with the session (``entries``); and one
    query if the cache does not know, is down, or is not shared. Raises :class:`SessionUnavailable`
    if neither can tell; then the session is not served.
    """
    ask = partial(get_status_from_row, identity)
    # An ending invalidates the entries of ids. A session without a row is ended by a cutoff, which
    # knows no ids, so the database has to be asked. So it has if endings do not write the cache.
    if not identity.registered:
        return ask()
    cache, found = entries or (used_cache(), None)
    encode, decode = partial(_encode_status, identity), partial(_decode_status, identity)
    answer: SessionStatus = read_through(cache, identity.id, ask, encode, decode, found)
    return answer


def get_status_from_row(identity: Identity) -> SessionStatus:
    """Return the status of a session by its row, whatever the cache holds.

    Raises :class:`SessionUnavailable` if the database cannot tell.
    """
    with unavailable_on_outage():
        found: SessionStatus = retry(partial(status.get_status, identity), registry.database())
        return found


def _encode_status(identity: Identity, found: SessionStatus) -> str | None:
    if found.active:
        return f"{ACTIVE}:{identity.user_id}"
    return None if found.reason == Reason.UNKNOWN else f"{ENDED}:{found.reason}"


def _decode_status(identity: Identity, entry: str) -> SessionStatus | None:
    """Return the status that an entry stands for, or ``None`` if it was made for another user."""
    if entry.startswith(ENDED):
        return SessionStatus(False, entry.partition(":")[2] or Reason.UNKNOWN)
    return SessionStatus(True) if entry == f"{ACTIVE}:{identity.user_id}" else None


def read_through(
    cache: OpenCache | None,
    name: UUID | str,
    ask: Callable[[], T],
    encode: Callable[[T], str | None],
    decode: Callable[[str], T | None],
    found: Mapping[str, Any] | None = None,
) -> T:
    """Return what a cache holds of a session or a user, or ask the database and cache that.

    Without a cache, the database is asked. ``encode`` gives the entry to cache, or ``None`` for what must not be cached; ``decode`` returns
    ``None`` for an entry that does not count. ``found`` is what the cache holds, if it was read
    already.
    """
    if cache is None:
        return ask()
    mark_name, seen_name, everyone_name = names = keys(name)
    try:
        found = cache.read_status(names) if found is None else found
        if found is None:
            return ask()
        entry = cached_entry(found, name, cache.server.name)
        if entry is not None and (known := decode(entry)) is not None:
            return known
        # Take the generations before asking the database: the proof rests on that order.
        mark = found.get(mark_name) or cache.backend.get_or_set(mark_name, generation, MARK_TTL)
        everyone = _take_generation_of_everyone(cache, found.get(everyone_name))
    except Exception as error:
        if not cache.found_spread(error):
            logger.exception(
                "The cache of the session status could not be read; asking the database."
            )
        return ask()
    answer = ask()
    entry = encode(answer)
    if entry is None or not may_cache():
        return answer
    try:
        if entry.startswith(ENDED):
            cache.backend.set(mark_name, entry, MARK_TTL)
        else:
            cache.backend.set(seen_name, f"{mark}|{everyone}|{entry}", SEEN_TTL)
    except Exception:
        logger.exception("The cache of the session status could not be written.")
    return answer


def _take_generation_of_everyone(cache: OpenCache, known: str | None) -> str:
    """Return the generation of everyone; replace one that was made on another server."""
    key, server = mark_key(EVERYONE), cache.server.name
    if known is None:
        known = cache.backend.get_or_set(key, partial(generation_on, server), MARK_TTL)
    if known is not None and _made_on(server, known):
        return known
    fresh = generation_on(server)
    cache.backend.set(key, fresh, MARK_TTL)
    return fresh


def _made_on(server: str, everyone: Any) -> bool:
    return not server or str(everyone).startswith(f"{server}:")


def cached_entry(found: Mapping[str, Any], name: UUID | str, server: str = "") -> str | None:
    """Return the entry of a session or a user that is current, or ``None``: ask the database.

    ``server`` is the name of the server that the entries were found on, if it has one.
    """
    mark, seen, everyone = map(found.get, keys(name))
    if isinstance(mark, str) and mark.startswith(ENDED):
        return mark
    current = f"{mark}|{everyone}|"
    if mark and everyone and isinstance(seen, str) and seen.startswith(current):
        return seen.removeprefix(current) if _made_on(server, everyone) else None
    return None


def may_cache() -> bool:
    """Return whether other requests may use what was just read from the database.

    Inside a transaction, Django's or one that the project manages itself, it may come from an old
    snapshot: good enough for this request only.
    """
    return connections[registry.database()].get_autocommit()


def require_writable(engine: Engine) -> OpenCache | None:
    """Return the cache that has to learn of an ending, if there is one.

    Raises :class:`SessionNotEnded` if it cannot store the mark now.
    """
    cache = used_cache(engine)
    if cache is not None and not cache.is_writable():
        raise SessionNotEnded("The cache that holds the status of sessions does not answer.")
    return cache


def invalidate(session_ids: Iterable[UUID], user_pks: Iterable[Any] = ()) -> None:
    """Make readers ask the row until an ending inside a transaction of the project is committed."""
    names: list[UUID | str] = [*session_ids, *map(user_key, user_pks)]
    _write(open_cache(alias()), {mark_key(name): generation() for name in names})


def mark_ended(
    session_ids: Iterable[UUID],
    reason: str,
    *,
    earlier: Mapping[UUID, str] = MappingProxyType({}),
    user_pks: Iterable[Any] = (),
    everyone: bool = False,
    data: Iterable[str] = (),
    cache: OpenCache | None = None,
) -> bool:
    """Make the cache forget that sessions were active, after their ending is committed.

    ``earlier`` are sessions that had ended already, with the reason of each. ``user_pks`` are the
    users all of whose sessions have ended; ``everyone`` stands for all users. ``data`` are the keys
    of the sessions' data, if they are in the same cache and it raises every error. ``cache`` is the
    cache, if it is open already.

    Returns false if the cache did not do it. What a reader saw before may then count for
    :data:`SEEN_TTL` seconds, so the ending is not complete.
    """
    ended = {**earlier, **dict.fromkeys(session_ids, reason)}
    marks = {mark_key(session_id): f"{ENDED}:{why}" for session_id, why in ended.items()}
    names = (*map(user_key, user_pks), *([EVERYONE] if everyone else []))
    marks.update((mark_key(name), generation()) for name in names)
    return _write(cache or open_cache(alias()), marks, data)


def _write(cache: OpenCache, marks: dict[str, str], data: Iterable[str] = ()) -> bool:
    if cache.raises:
        # The next reader asks the row, and stores its status. Deleting is what a Redis does even if
        # its memory is full, and the data go with the marks.
        return _is_done(cache, partial(cache.delete, [*marks, *data]))
    batches = [dict(batch) for batch in batched(marks.items(), BATCH)]
    results = [_is_done(cache, partial(_write_batch, cache, batch)) for batch in batches]
    return all(results)  # each batch is tried


def _is_done(cache: OpenCache, work: Callable[[], bool | None]) -> bool:
    try:
        return work() is not False
    except Exception as error:
        if cache.found_spread(error):
            return True  # no reader can read its entries
        logger.exception("The cache of the session status could not be written.")
        return False


def _write_batch(cache: OpenCache, marks: dict[str, str]) -> bool:
    # The client may swallow errors, so what was written is read back. Another ending may write the
    # same generations at the same time, which serves as well. What was stored before must be known
    # to tell that from an error that was swallowed.
    generations = [key for key, mark in marks.items() if not mark.startswith(ENDED)]
    before = cache.backend.get_many(generations) if generations else {}
    cache.backend.set_many(marks, MARK_TTL)
    after = cache.backend.get_many(marks)
    return all(_is_stored(mark, before.get(key), after.get(key)) for key, mark in marks.items())


def _is_stored(mark: str, before: str | None, after: str | None) -> bool:
    if mark.startswith(ENDED):
        return after is not None and after.startswith(ENDED)
    # If nothing was found before, that may have been a swallowed error: then it must be our mark.
    return after == mark or (None not in {before, after} and after != before)
