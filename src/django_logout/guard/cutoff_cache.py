"""Cache when all of a user's logins were ended last, for tokens that have no row.

Such a token is refused unless it was issued later. The moment is kept in the shared cache like the
status of a session (see :mod:`django_logout.guard.status_cache`, whose proof it shares)::

    mark   user:<hash>   a generation: a random name for "since the user's sessions last ended"
    seen   user:<hash>   the generations under which a reader asked the database, and its answer
    mark   *             the generation of everyone

A reader takes the generations before it asks the database. An ending replaces the generation of
the user, or of everyone, after its commit.
"""

from functools import partial
from typing import Any

from django_logout.exceptions import unavailable_on_outage
from django_logout.guard import status_cache
from django_logout.sessions import cutoffs, token_logins
from django_logout.sessions.cutoffs import LastCutoff


def last_cutoff(user_pk: Any) -> LastCutoff:
    """Return when, and why, a user was last logged out everywhere.

    Costs one cache read; and one query if the cache does not know, is down, or is not shared.
    Raises :class:`SessionUnavailable` if neither can tell.
    """
    if not token_logins.in_use():  # then no ending writes the cache for it
        return _ask(user_pk)
    cache, name = status_cache.shared_cache(), status_cache.user_key(user_pk)
    return status_cache.read_through(cache, name, partial(_ask, user_pk), _encode, decode_cutoff)


def decode_cutoff(entry: str) -> LastCutoff:
    """Return the cutoff that an entry of the cache stands for."""
    at, _, reason = entry.partition("|")
    return LastCutoff(float(at), reason)


def _encode(cutoff: LastCutoff) -> str:
    return f"{cutoff.at}|{cutoff.reason}"


def _ask(user_pk: Any) -> LastCutoff:
    with unavailable_on_outage():
        return cutoffs.last_cutoff_of(user_pk)
