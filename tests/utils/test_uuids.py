"""UUIDs that are derived from a hash."""

import re
from pathlib import Path
from uuid import UUID

import pytest

import django_logout
from django_logout.utils.uuids import uuid_of
from tests.sessions.test_identity import mariadb_cursor


@pytest.mark.needs("mariadb")
def test_mariadb_knows_the_uuid_of_every_hash() -> None:
    """Of the hashes below it knows only a part as they are."""
    digests = [
        bytes([*range(6), first, 0, second, *range(23)])
        for first in range(0, 256, 16)
        for second in (0, 0x80, 0xFF)
    ]
    with mariadb_cursor() as cursor:

        def is_known(found: UUID) -> bool:
            cursor.execute("SELECT CAST(%s AS uuid)", [str(found)])
            return bool(cursor.fetchone() != (None,))

        assert not all(is_known(UUID(bytes=digest[:16])) for digest in digests)
        assert all(is_known(uuid_of(digest)) for digest in digests)


def test_no_other_module_makes_a_uuid_of_bytes() -> None:
    """It would be as good as this one on all databases but MariaDB."""
    root = Path(django_logout.__file__).parent
    makes = [
        path.name for path in root.rglob("*.py") if re.search(r"UUID\(\s*bytes", path.read_text())
    ]
    assert makes == ["uuids.py"]
