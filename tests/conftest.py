"""Fixtures that more than one test module needs."""

from collections.abc import Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.file import SessionStore as FileStore
from django.test import Client
from django.utils import timezone

from django_logout.ending import selection
from django_logout.guard.install import guarded
from tests import services
from tests.backends import cache_from_url
from tests.revokers.kinds import Recorder
from tests.settings import ENGINES

#: Each project has settings of its own, so each runs in a process of its own: ``make test-integrations``.
collect_ignore = ["projects"]

#: Every session engine of Django's, and one of a third party's, with a cache that is shared and
#: one that is not.
SETUPS = {
    "db": ("db", "locmem"),
    "cached_db": ("cached_db", "redis"),
    "cache": ("cache", "redis"),
    "cache-memcached": ("cache", "memcached"),
    "file": ("file", "redis"),
    "file-unshared": ("file", "locmem"),
    "signed_cookies": ("signed_cookies", "redis"),
    "signed_cookies-unshared": ("signed_cookies", "locmem"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, what needs a server that is not there."""
    for mark in item.iter_markers("needs"):
        services.need(*mark.args)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs on every engine whichever the settings name: see ``.ci/run``."""
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker("every_engine")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run asynchronous tests as Django's test cases do: its threads are this thread."""
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    async_to_sync(pyfuncitem.obj)(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True


@pytest.fixture(params=SETUPS)
def engine(
    request: pytest.FixtureRequest,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Run the test once for each session engine; gives the engine's short name."""
    name, cache = SETUPS[request.param]
    services.need(cache)
    url = services.URLS.get(cache, f"{cache}://")
    # A prefix of its own keeps tests that run side by side apart, without clearing the server.
    settings.CACHES = {"default": {**cache_from_url(url), "KEY_PREFIX": uuid4().hex}}
    settings.SESSION_ENGINE = ENGINES.get(name, name)
    settings.SESSION_FILE_PATH = str(tmp_path)
    monkeypatch.delattr(FileStore, "_storage_path", raising=False)  # Django remembers the folder
    guarded.cache_clear()
    return name


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is shifted."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def user(db: None) -> Any:
    """Somebody who can log in."""
    return get_user_model().objects.create_user("ann", password="pw")


@pytest.fixture
def other(db: None) -> Any:
    """Somebody else."""
    return get_user_model().objects.create_user("bob", password="pw")


@pytest.fixture
def ann(user: Any) -> Client:
    """A browser in which she is signed in."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two, so that few users make many."""
    monkeypatch.setattr(selection, "BATCH", 2)


@pytest.fixture
def recorder(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    """A revoker that remembers what it was asked to end."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.Recorder"]}
    monkeypatch.setattr(Recorder, "seen", [])
    return Recorder
