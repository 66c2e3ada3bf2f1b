"""Sessions that the engine has lost take no place: a table or a folder was emptied, a cache was
restarted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from django_logout.models import LoginSession
from tests.clients import log_in, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

LOST_AND_FOUND = pytest.mark.engines("db", "cached_db", "file-unshared")
EMPTIED = pytest.mark.engines("db", "cached_db", "file-unshared", "cache", "cache-memcached")


def sign_in(client: Client) -> bool:
    """Return whether a login by the form succeeds."""
    log_in(client)
    return logged_in_as(client) == "ann"


@pytest.fixture
def lose(settings: Any, tmp_path: Path) -> Any:
    """Empties the storage of sessions, or takes one of them away."""

    def work(*keys: str) -> None:
        rows = Session.objects.filter(pk__in=keys) if keys else Session.objects.all()
        names = list(rows.values_list("pk", flat=True))
        rows.delete()
        for path in tmp_path.glob("sessionid*"):
            if not keys or path.name.removeprefix("sessionid") in keys:
                path.unlink()
        prefixes = ("django.contrib.sessions.cache", "django.contrib.sessions.cached_db")
        for key in (*names, *keys):
            caches["default"].delete_many([prefix + key for prefix in prefixes])
        if not keys:  # clear() would empty the server for all
            caches["default"].delete("django_logout:kept_since")

    return work


def key_of(client: Client) -> str:
    return str(client.cookies["sessionid"].value)


@EMPTIED
@pytest.mark.parametrize("policy", ["refuse", "ask"])
def test_another_browser_logs_in(
    engine: str, user: Any, settings: Any, lose: Any, policy: str
) -> None:
    """And the next one finds the place taken."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": policy}
    first, second, third = Client(), Client(), Client()
    assert sign_in(first)
    assert not sign_in(second)
    lose()
    assert sign_in(third)
    assert not sign_in(Client())


@pytest.mark.engines("cache", "cache-memcached")
def test_slow_process_loses_nothing(
    engine: str, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine may stop it between two looks at the clock."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    assert sign_in(Client())
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=1))
    assert not sign_in(Client())


@pytest.mark.engines("db", "cached_db", "cache", "cache-memcached", "file", "file-unshared")
@pytest.mark.parametrize("policy", ["refuse", "ask"])
def test_the_same_browser_logs_in(
    engine: str, user: Any, settings: Any, lose: Any, policy: str
) -> None:
    """By the cookie of the session that is lost, on engines that cannot list what they have too."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": policy}
    client = Client()
    assert sign_in(client)
    lose(key_of(client))
    assert sign_in(client)
    assert not sign_in(Client())


@LOST_AND_FOUND
def test_the_oldest_that_is_there_ends(engine: str, user: Any, settings: Any, lose: Any) -> None:
    """A younger one that is lost does not push it out."""
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    old, lost, new, newest = (Client() for _ in range(4))
    assert sign_in(old)
    assert sign_in(lost)
    lose(key_of(lost))
    assert sign_in(new)
    assert logged_in_as(old) == "ann"
    assert sign_in(newest)
    assert [logged_in_as(client) for client in (old, new, newest)] == ["", "ann", "ann"]
    assert LoginSession.objects.filter(ended_at=None).count() == 3
