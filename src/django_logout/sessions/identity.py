"""The identity of a session: a public id, which is stored in the session's own data."""

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from django_logout.conf import cached_until_setting_changes

#: The key of the session's data that holds its public id.
ID_KEY = "_django_logout_id"
#: The key of the session's data that holds when it started, in seconds since the epoch.
STARTED_AT_KEY = "_django_logout_begun"
#: The key of a derived session's data that holds the auth hashes of the sessions it comes from, the
#: nearest first.
ORIGINS_KEY = "_django_logout_origins"
#: The keys that make a session logged in.
LOGIN_KEYS = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, ID_KEY, ORIGINS_KEY)
#: The keys that this package adds to a login.
OUR_KEYS = (ID_KEY, STARTED_AT_KEY, ORIGINS_KEY)
#: The UUID version of ids that are derived from a hash, as those of adopted sessions are.
NAME_BASED = 5
#: The UUID version of derived sessions, and of logins that code has made. RFC 9562 leaves version 8
#: to applications; the last bit tells which of the two.
CUSTOM, DERIVED, BY_CODE = 8, 0, 1
#: Seconds since the epoch before which a session has started: the end of the year 9998. The data of
#: a session are input, since a project may let its users write them.
_END_OF_TIME = 253_370_764_800
#: Cached, since every use of a session asks for its identity.
_uuid = lru_cache(maxsize=1000)(UUID)


class Identity(NamedTuple):
    """What a session's data say about its login."""

    id: UUID
    user_id: str
    registered: bool
    "Whether the data hold the id; else it is new, or derived from a key from before the installation."
    started_at: float = 0
    "Seconds since the epoch; 0, so long ago, for a session that is not registered."
    origin_hashes: tuple[str, ...] = ()
    "Auth hashes of the users who impersonate this one, the nearest first."
    signed: bool = False
    "Whether a signed token names the login, so that no one can have written another one's id."
    other_ids: tuple[UUID, ...] = ()
    "The ids that earlier values of ``SECRET_KEY`` derived from the same key."
    written_at: datetime | None = None
    "When a session without an id was stored, if its engine knows."
    derived: bool = False
    "Whether the session is derived from another (see :func:`is_derived`), for one that was loaded."


def identify_stored(data: dict[str, Any], key: str | None) -> Identity | None:
    """Return the identity of a session as its engine has it, and drop a login from the data that can
    be of no user."""
    if SESSION_KEY in data and parse_user_id(data[SESSION_KEY]) is None:
        # No user has this key, perhaps since their type has changed. Only the login is void; a
        # registered session has a row that says so.
        for name in () if ID_KEY in data else LOGIN_KEYS:
            data.pop(name, None)
    return identify(data, key)


def parse_user_id(user_id: Any) -> Any:
    """Return a primary key of the user model by its text; ``None`` if it cannot be one."""
    field = get_user_model()._meta.pk
    try:
        key = field.to_python(user_id)
        field.run_validators(key)  # A number may be more than the database can hold.
    except (ValidationError, ValueError, TypeError, OverflowError):
        # The session may be from a time when the keys were of another type.
        return None
    return None if "\x00" in str(key) else key


def identify(data: Any, key: str | None) -> Identity | None:
    """Return the identity of a stored session by its data and key; ``None`` if no user is logged in."""
    if not is_logged_in(data):
        return None
    user_id = str(data[SESSION_KEY])
    if ID_KEY in data:
        try:
            started_at = _seconds(data.get(STARTED_AT_KEY, 0))
            hashes = tuple(data.get(ORIGINS_KEY, ()))
            session_id = _uuid(data[ID_KEY])
            known = Identity(session_id, user_id, True, started_at, hashes)
            return known._replace(derived=True) if is_derived(session_id) else known
        except (ValueError, TypeError, AttributeError):
            return Identity(uuid4(), user_id, registered=True)  # it has no row, so it is refused
    if key is None:
        return None
    # The same key always gives the same id, so that a late write or a replayed cookie of an
    # adopted session is recognized as that session.
    session_id, *others = fingerprints(key)
    return Identity(session_id, user_id, registered=False, other_ids=tuple(others))


def is_logged_in(data: Any) -> bool:
    """Return whether Django serves a user with these data, if the user exists and the hash matches."""
    return all(key in data for key in _login_keys())


@cached_until_setting_changes("AUTH_USER_MODEL")
def _login_keys() -> tuple[str, ...]:
    # Django asks for the hash only if the user model has one.
    has_hash = hasattr(get_user_model(), "get_session_auth_hash")
    keys = SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
    return keys if has_hash else keys[:2]


def _seconds(value: Any) -> float:
    """Return a time in seconds since the epoch; 0 for one that cannot be."""
    seconds = float(value)
    return seconds if 0 <= seconds < _END_OF_TIME else 0  # false for "nan" too


def fingerprint(key: str, secret: str | bytes | None = None) -> UUID:
    """Return the id that is derived from a key: a keyed hash, which may be public."""
    digest = salted_hmac("django_logout.registry", key, secret=secret, algorithm="sha256").digest()
    return uuid_of(digest)


def uuid_of(digest: bytes) -> UUID:
    """Return the UUID made of the first 16 bytes of a hash.

    It has a version and the variant of the standard (RFC 9562): MariaDB (seen with 10.11) takes
    some of those that have others for no UUID.
    """
    return UUID(bytes=digest[:16], version=NAME_BASED)


def fingerprints(key: str) -> list[UUID]:
    """Return the ids that are derived from a key: by ``SECRET_KEY``, then by each of
    ``SECRET_KEY_FALLBACKS``."""
    return [fingerprint(key, secret) for secret in (None, *settings.SECRET_KEY_FALLBACKS)]


def new_derived_id() -> UUID:
    """Return a random id for a derived session; its bits tell it from all other sessions."""
    return _custom_id(DERIVED)


def is_derived(session_id: UUID) -> bool:
    """Return whether a session is derived from another: its user is impersonated."""
    return session_id.int & 1 == DERIVED and session_id.version == CUSTOM


def new_code_login_id() -> UUID:
    """Return a random id for a login that code has made; its bits tell it from all other sessions."""
    return _custom_id(BY_CODE)


def is_code_login(session_id: UUID) -> bool:
    """Return whether code has made a login, so that it does not prove who uses the session."""
    return session_id.version == CUSTOM and session_id.int & 1 == BY_CODE


def _custom_id(kind: int) -> UUID:
    # MariaDB (seen with 10.11) accepts no version above 5 if the variant's octet is 0x80, so one of
    # its random bits is set.
    return UUID(int=uuid4().int & ~(0xF << 76 | 1) | CUSTOM << 76 | 1 << 61 | kind)


def is_adopted(session_id: UUID) -> bool:
    """Return whether an id was derived from a key (see :func:`fingerprint`)."""
    return session_id.version == NAME_BASED
