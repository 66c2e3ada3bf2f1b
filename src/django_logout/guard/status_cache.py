"""Is it alive? The registry row is the truth; a shared cache only remembers it.

Two entries a session, read together with one for everyone::

    mark   <id>   "ended", or a generation: a random name for "since the last change"
    seen   <id>   the generations under which a reader saw the row alive (short-lived)
    mark   *      the generation of everyone

A session is served from the cache only if what was ``seen`` names the generations that are
current *now*. A reader takes the generations before it asks the row, and an ending replaces
them after it has been committed; so what a slow reader remembers names a generation that is
gone. No order of steps, eviction, flush or restart of the cache in between can make it
current again: a lost generation is replaced by a new random one, never by an old one. (With
one ``alive`` entry written by ``add``, an eviction between an ending's ``set`` and a slow
reader's ``add`` would bring the session back.)
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.db import connections

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.exceptions import SessionUnavailable
from django_logout.sessions import engines, identity, registry, status, token_logins
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus

logger = logging.getLogger("django_logout.gate")

ENDED = "ended"
EVERYONE = "*"

#: Seconds for which the row is not asked again. Bounds what a cache that loses acknowledged
#: writes (a failover to a replica that lags) can do.
SEEN_TTL = 60
SEEN_FOR = timedelta(seconds=SEEN_TTL)
#: Seconds for which generations and endings are remembered; the row is asked when they are gone.
MARK_TTL = 24 * 60 * 60

#: Marks that are written at a time.
BATCH = 1000

#: Caches that other processes do not see, or that are no cheaper to ask than the row itself.
NOT_SHARED = ("locmem", "dummy", "filebased", "db")


def shared_cache() -> BaseCache | None:
    """The cache that remembers, if all processes share it; else ``None``: the row is asked."""
    cache = caches[alias()]
    backend: Any = type(cache)
    return cache if _is_shared(backend) else None


@lru_cache(maxsize=8)
def _is_shared(backend: Any) -> bool:
    # By their names, so that none is imported that the project does not use.
    modules = {base.__module__ for base in backend.__mro__}
    return not any(f"django.core.cache.backends.{name}" in modules for name in NOT_SHARED)


def alias() -> str:
    """Of the cache that remembers, if it is shared."""
    return logout_settings().CACHE_ALIAS or settings.SESSION_CACHE_ALIAS


def is_used() -> bool:
    """Whether there is anything to replace when sessions end. Of an engine whose deletes are final
    nothing is remembered, of tokens it is on any."""
    asked = not engines.current().final_deletes or token_logins.in_use()
    return asked and shared_cache() is not None


def _cache_for(identity: Identity) -> BaseCache | None:
    # What the cache remembers is replaced id by id when sessions end; sessions that nobody has
    # registered yet are ended by a cut-off that knows no ids, so the row is asked for them.
    return shared_cache() if identity.registered else None


def mark_key(session_id: UUID | str) -> str:
    """Where a generation is kept."""
    return f"django_logout:mark:{session_id}"


def seen_key(session_id: UUID | str) -> str:
    """Where it is kept what a reader has seen."""
    return f"django_logout:seen:{session_id}"


def user_key(user_pk: Any) -> str:
    """Under which a user's generation is remembered, in the place of a session's id. A hash, since
    memcached takes neither blanks nor long words, and a primary key may be a name."""
    return f"user:{identity.fingerprint(str(user_pk))}"


def generation() -> str:
    """A random name."""
    return secrets.token_hex(8)


def get_status(identity: Identity, found: Mapping[str, Any] | None = None) -> SessionStatus:
    """Whether a session that the engine still knows may be served.

    One cache read, unless what it would have ``found`` has just been read; and one registry read
    where the cache does not know, is down, or is not shared. Raises :class:`SessionUnavailable`
    when nobody can tell: then it is not served.
    """
    cache = _cache_for(identity)
    if cache is None:
        return get_status_from_row(identity)
    try:
        found = cache.get_many(keys(identity.id)) if found is None else found
    except Exception:
        logger.exception("The cache that remembers sessions is down; asking the registry.")
        return get_status_from_row(identity)
    remembered = recall(found, identity.id)
    if remembered is None:
        remembered = _ask_and_remember(cache, found, identity)
    return remembered


async def aget_status(identity: Identity, found: Mapping[str, Any] | None = None) -> SessionStatus:
    """Like :func:`get_status`; leaves the event loop only when the row must be asked."""
    cache = _cache_for(identity)
    if cache is not None:
        with suppress(Exception):  # ask() below meets it again, and logs it
            # Not aget_many(): Django's asks for each key by itself, in a thread each time.
            if found is None:
                found = await sync_to_async(cache.get_many)(keys(identity.id))
        remembered = recall(found or {}, identity.id)
        if remembered is not None:
            return remembered
    return await sync_to_async(get_status)(identity, found)


def keys(session_id: UUID) -> list[str]:
    """Where the cache keeps what it remembers of a session."""
    return [mark_key(session_id), seen_key(session_id), mark_key(EVERYONE)]


def recall(found: Mapping[str, Any], session_id: UUID) -> SessionStatus | None:
    """What the cache's answer amounts to; ``None``: ask the row."""
    mark, everyone = found.get(mark_key(session_id)), found.get(mark_key(EVERYONE))
    if isinstance(mark, str) and mark.startswith(ENDED):
        return SessionStatus(False, mark.partition(":")[2] or "unknown")
    if mark and everyone and found.get(seen_key(session_id)) == f"{mark}|{everyone}":
        return SessionStatus(True)
    return None


def _ask_and_remember(
    cache: BaseCache, found: Mapping[str, Any], identity: Identity
) -> SessionStatus:
    # The generations are taken before the row is asked: that order is what the proof rests on.
    try:
        mark = found.get(mark_key(identity.id)) or cache.get_or_set(
            mark_key(identity.id), generation, MARK_TTL
        )
        everyone = found.get(mark_key(EVERYONE)) or cache.get_or_set(
            mark_key(EVERYONE), generation, MARK_TTL
        )
    except Exception:
        logger.exception("The cache that remembers sessions is down; asking the registry.")
        return get_status_from_row(identity)
    found_out = get_status_from_row(identity)
    if may_cache():
        try:
            if found_out.active:
                cache.set(seen_key(identity.id), f"{mark}|{everyone}", SEEN_TTL)
            elif found_out.reason != Reason.UNKNOWN:
                cache.set(mark_key(identity.id), f"{ENDED}:{found_out.reason}", MARK_TTL)
        except Exception:
            logger.exception("The cache that remembers sessions is down.")
    return found_out


def get_status_from_row(identity: Identity) -> SessionStatus:
    """The truth, whatever the cache remembers. Raises :class:`SessionUnavailable` if it cannot be
    had."""
    try:
        return status.get_status(identity)
    except Exception as error:
        raise SessionUnavailable("Neither cache nor registry can tell.") from error


def may_cache() -> bool:
    """Whether what has just been read may be told to others. Inside a transaction (Django's, or one
    that the project manages itself) it may come from an old snapshot: good enough for this request."""
    return connections[registry.database()].get_autocommit()


def can_write() -> bool:
    """Whether an ending could be remembered now; true where nothing is remembered."""
    return not is_used() or engines.cache_is_writable(caches[alias()])


def invalidate(session_ids: Iterable[UUID], user_pks: Iterable[Any] = ()) -> None:
    """During an ending that awaits somebody's commit: make readers ask the row again."""
    names: list[UUID | str] = [*session_ids, *map(user_key, user_pks)]
    _write({mark_key(name): generation() for name in names})


def mark_ended(
    session_ids: Iterable[UUID],
    reason: str,
    *,
    earlier: Mapping[UUID, str] = MappingProxyType({}),
    user_pks: Iterable[Any] = (),
    everyone: bool = False,
) -> bool:
    """After the ending is committed: remember it, and that all of those users', or everyone's,
    have ended; and sessions that had ended ``earlier``, with the reason of each. False when the
    cache did not take it: what a reader saw before may then still stand for :data:`SEEN_TTL`, so
    the ending is not complete."""
    if not is_used():
        return True
    ended = {**earlier, **dict.fromkeys(session_ids, reason)}
    marks = {mark_key(session_id): f"{ENDED}:{why}" for session_id, why in ended.items()}
    names = (*map(user_key, user_pks), *([EVERYONE] if everyone else []))
    marks.update((mark_key(name), generation()) for name in names)
    return _write(marks)


def _write(marks: dict[str, str]) -> bool:
    cache, entries = caches[alias()], iter(marks.items())
    batches = iter(lambda: dict(islice(entries, BATCH)), {})
    written = [_write_batch(cache, batch) for batch in batches]  # each is tried
    return all(written)


def _write_batch(cache: BaseCache, marks: dict[str, str]) -> bool:
    # Endings are endings, whoever has written them: what was there before tells nothing.
    generations = [key for key, mark in marks.items() if not mark.startswith(ENDED)]
    try:
        before = cache.get_many(generations) if generations else {}
        cache.set_many(marks, MARK_TTL)
        after = cache.get_many(marks)
    except Exception:
        logger.exception("The cache that remembers sessions is down.")
        return False
    # Read back: clients can be told to swallow their errors. What another ending of the same
    # sessions has written meanwhile serves as well.
    return all(_stands(mark, before.get(key), after.get(key)) for key, mark in marks.items())


def _stands(mark: str, before: str | None, after: str | None) -> bool:
    if mark.startswith(ENDED):
        return after is not None and after.startswith(ENDED)
    # Where nothing was found before, that may be an error swallowed too: it must be ours then.
    return after == mark or (None not in {before, after} and after != before)
