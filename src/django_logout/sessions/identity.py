"""Who a session says it is: a public id, which lives in its own data."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib.auth import SESSION_KEY
from django.utils.crypto import salted_hmac

#: Where a session keeps its public id, in its own data.
ID_KEY = "_django_logout_id"
#: And when it began, in seconds since the epoch.
STARTED_AT_KEY = "_django_logout_begun"
#: Every look at a session asks who it is, many times a request.
_uuid = lru_cache(maxsize=1000)(UUID)


class Identity(NamedTuple):
    """Who a session says it is."""

    id: UUID
    user_id: str
    registered: bool
    "Whether the id was given at login, or derived from a key that was alive before us."
    started_at: float = 0
    "Seconds since the epoch; unknown, and so long ago, for what is not registered."


def identify(data: Any, key: str | None) -> Identity | None:
    """Who the session with this data and key is; ``None`` for one that nobody is logged in to."""
    if SESSION_KEY not in data:
        return None
    user_id = str(data[SESSION_KEY])
    if ID_KEY in data:
        try:
            started_at = float(data.get(STARTED_AT_KEY, 0))
            return Identity(_uuid(data[ID_KEY]), user_id, registered=True, started_at=started_at)
        except (ValueError, TypeError, AttributeError):
            return Identity(uuid4(), user_id, registered=True)  # no row: refused
    if key is None:
        return None
    # The same key always gives the same id, so that a late write or a replayed cookie of an
    # adopted session is that session.
    return Identity(fingerprint(key), user_id, registered=False)


def fingerprint(key: str) -> UUID:
    """The id that is derived from a key: a keyed hash, which may be public, while the key is not."""
    digest = salted_hmac("django_logout.registry", key, algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)


def is_adopted(session_id: UUID) -> bool:
    """Whether an id was derived from a key (version 5: name-based) instead of given at login."""
    return session_id.version == 5
