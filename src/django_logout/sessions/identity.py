"""The identity of a session: a public id, which is stored in the session's own data."""

from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib.auth import SESSION_KEY
from django.utils.crypto import salted_hmac

#: The key of the session's data that holds its public id.
ID_KEY = "_django_logout_id"
#: The key of the session's data that holds when it started, in seconds since the epoch.
STARTED_AT_KEY = "_django_logout_begun"
#: The key of a derived session's data that holds the auth hashes of the sessions it comes from, the
#: nearest first.
ORIGINS_KEY = "_django_logout_origins"
#: The UUID version of derived sessions (RFC 9562 leaves version 8 to applications).
DERIVED = 8
#: Cached, since every use of a session asks for its identity.
_uuid = lru_cache(maxsize=1000)(UUID)


class Identity(NamedTuple):
    """What a session's data say about its login."""

    id: UUID
    user_id: str
    registered: bool
    "Whether the id was given at login; else it is derived from a key from before the installation."
    started_at: float = 0
    "Seconds since the epoch; 0, so long ago, for a session that is not registered."
    origin_hashes: tuple[str, ...] = ()
    "Auth hashes of the users who impersonate this one, the nearest first."
    signed: bool = False
    "Whether a signed token names the login, so that no one can have written another one's id."


def identify(data: Any, key: str | None) -> Identity | None:
    """Return the identity of a session by its data and key; ``None`` if no user is logged in."""
    if SESSION_KEY not in data:
        return None
    user_id = str(data[SESSION_KEY])
    if ID_KEY in data:
        try:
            started_at = float(data.get(STARTED_AT_KEY, 0))
            hashes = tuple(data.get(ORIGINS_KEY, ()))
            return Identity(_uuid(data[ID_KEY]), user_id, True, started_at, hashes)
        except (ValueError, TypeError, AttributeError):
            return Identity(uuid4(), user_id, registered=True)  # it has no row, so it is refused
    if key is None:
        return None
    # The same key always gives the same id, so that a late write or a replayed cookie of an
    # adopted session is recognized as that session.
    return Identity(fingerprint(key), user_id, registered=False)


def fingerprint(key: str) -> UUID:
    """Return the id that is derived from a key: a keyed hash, which may be public."""
    digest = salted_hmac("django_logout.registry", key, algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)


def new_derived_id() -> UUID:
    """Return a random id for a derived session; its version tells it from all other sessions."""
    return UUID(int=uuid4().int & ~(0xF << 76) | DERIVED << 76)


def is_derived(session_id: UUID) -> bool:
    """Return whether a session is derived from another: its user is impersonated."""
    return session_id.version == DERIVED


def is_adopted(session_id: UUID) -> bool:
    """Return whether an id was derived from a key, as UUIDs of version 5 are."""
    return session_id.version == 5
