"""Which login a session is of, by its data and its key."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import RFC_4122, UUID, uuid4

import pytest

import django_logout
from django_logout.sessions import identity
from django_logout.sessions.identity import ID_KEY, identify, is_adopted, uuid_of
from tests import services
from tests.clients import login_keys

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def mariadb_cursor() -> Iterator[Any]:
    """Connect to the server, without Django."""
    import pymysql

    url = urlsplit(services.URLS["mariadb"])
    server = {"host": url.hostname, "port": url.port or 3306, "user": url.username}
    with pymysql.connect(**server, password=url.password or "") as connection:
        yield connection.cursor()


def test_session_without_a_user_has_no_identity() -> None:
    """A session without a user has no identity, whatever else it holds."""
    assert identify({}, "key") is None
    assert identify({ID_KEY: str(uuid4())}, "key") is None


def test_login_without_key_and_id_has_no_identity_yet(user: Any) -> None:
    """As a project may put it together by hand: there is nothing that could have ended."""
    assert identify(login_keys(user), None) is None


def test_a_key_from_before_gives_always_the_same_id_and_does_not_show_in_it(user: Any) -> None:
    """So that a late write or a replayed cookie of an adopted session is that session."""
    data = login_keys(user)
    one, again, other = (identify(data, key) for key in ("key", "key", "other"))
    assert one == again != other
    assert one is not None
    assert is_adopted(one.id)
    assert not one.registered


@pytest.mark.parametrize("new_id", [identity.new_derived_id, identity.new_code_login_id])
def test_no_id_has_the_octet_that_mariadb_refuses(
    new_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in 64 had it, and the login or the impersonation answered 500 there."""
    monkeypatch.setattr(identity, "uuid4", lambda: UUID("1b163040-7db5-4696-8096-a978f9a60487"))
    assert new_id().bytes[8] != 0x80
    assert new_id().variant == RFC_4122


@pytest.mark.needs("mariadb")
@pytest.mark.parametrize("new_id", [identity.new_derived_id, identity.new_code_login_id])
def test_mariadb_knows_every_id(new_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the random bits of the octet are."""
    for octet in range(0x80, 0xC0):
        drawn = UUID(f"1b163040-7db5-4696-{octet:02x}96-a978f9a60487")
        monkeypatch.setattr(identity, "uuid4", lambda drawn=drawn: drawn)
        with mariadb_cursor() as cursor:
            cursor.execute("SELECT CAST(%s AS uuid)", [str(new_id())])
            assert cursor.fetchone() != (None,)


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
    assert makes == ["identity.py"]
