"""When all of a user's logins were ended last: for tokens that no row knows.

Such a token is refused if it was not issued after that. The moment is remembered in the shared
cache like the standing of a session (see ``guard.status_cache``, whose proof it shares)::

    mark   user:<hash>   a generation: a random name for "since the last ending of all of theirs"
    seen   user:<hash>   the generations under which a reader asked the database, and what it said
    mark   *             the generation of everyone

A reader takes the generations before it asks the database, and an ending replaces the user's, or
everyone's, after it has been committed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.cache.backends.base import BaseCache

from django_logout.exceptions import SessionUnavailable
from django_logout.guard import status_cache
from django_logout.guard.status_cache import EVERYONE, MARK_TTL, SEEN_TTL
from django_logout.sessions import cutoffs
from django_logout.sessions.cutoffs import LastCutoff

logger = logging.getLogger("django_logout.gate")


def last(user_pk: Any) -> LastCutoff:
    """When, and why, a user was logged out everywhere last.

    One cache read; and one query where the cache does not know, is down, or is not shared. Raises
    :class:`SessionUnavailable` when nobody can tell.
    """
    cache = status_cache.shared_cache()
    if cache is None:
        return _truth(user_pk)
    try:
        found = cache.get_many(keys(user_pk))
    except Exception:
        logger.exception("The cache that remembers cut-offs is down; asking the database.")
        return _truth(user_pk)
    return recall(found, user_pk) or _ask_and_remember(cache, found, user_pk)


def keys(user_pk: Any) -> list[str]:
    """Of the entries about a user."""
    name = status_cache.user_key(user_pk)
    return [
        status_cache.mark_key(name),
        status_cache.seen_key(name),
        status_cache.mark_key(EVERYONE),
    ]


def recall(found: Mapping[str, Any], user_pk: Any) -> LastCutoff | None:
    """What the cache's answer amounts to; ``None``: ask the database."""
    mark, seen, everyone = (found.get(key) for key in keys(user_pk))
    if not (mark and seen and everyone and seen.startswith(f"{mark}|{everyone}|")):
        return None
    at, reason = seen.split("|", 3)[2:]
    return LastCutoff(float(at), reason)


def _ask_and_remember(cache: BaseCache, found: Mapping[str, Any], user_pk: Any) -> LastCutoff:
    # The generations are taken before the database is asked: that order is what the proof rests on.
    mark_key, seen_key, everyone_key = keys(user_pk)
    try:
        mark = found.get(mark_key) or cache.get_or_set(mark_key, status_cache.generation, MARK_TTL)
        all_ = found.get(everyone_key) or cache.get_or_set(
            everyone_key, status_cache.generation, MARK_TTL
        )
    except Exception:
        logger.exception("The cache that remembers cut-offs is down; asking the database.")
        return _truth(user_pk)
    cut = _truth(user_pk)
    if status_cache.may_cache():
        try:
            cache.set(seen_key, f"{mark}|{all_}|{cut.at}|{cut.reason}", SEEN_TTL)
        except Exception:
            logger.exception("The cache that remembers cut-offs is down.")
    return cut


def _truth(user_pk: Any) -> LastCutoff:
    try:
        return cutoffs.last_cutoff_of(user_pk)
    except Exception as error:
        raise SessionUnavailable("Neither cache nor database can tell.") from error
