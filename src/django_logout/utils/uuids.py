"""UUIDs that are derived from a hash."""

from uuid import UUID

#: The version of UUIDs that are derived from a name (RFC 9562, section 5.5).
NAME_BASED = 5


def uuid_of(digest: bytes) -> UUID:
    """Return the UUID made of the first 16 bytes of a hash.

    It has a version and the variant of the standard: MariaDB (seen with 10.11) takes some of those
    that have others for no UUID.
    """
    return UUID(bytes=digest[:16], version=NAME_BASED)
