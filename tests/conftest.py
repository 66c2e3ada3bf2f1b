"""Fixtures that more than one test module needs."""

from collections.abc import Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.file import SessionStore as FileStore
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS
from django.dispatch import receiver
from django.test import Client
from django.utils import timezone

from django_logout.ending import selection
from django_logout.guard.install import guarded
from django_logout.utils import redirects
from tests import engines, services
from tests.backends import cache_from_url
from tests.revokers.failing_revokers import Recorder
from tests.settings import ENGINES

# A deadline for an example is a limit of the wall clock, which a busy machine breaks.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that choose session engines."""
    group = parser.getgroup("django-logout")
    group.addoption(
        "--engines",
        default="local",
        help="set-ups for the fixture `engine`: local (no server), rotation, all, or names",
    )
    group.addoption("--pictures", action="store_true", help="take those of docs/images anew")
    group.addoption("--browsers", default="chromium,firefox,webkit", help="for tests/e2e")
    group.addoption("--week", type=int, help="repeat the rotation of this week")


def pytest_configure(config: pytest.Config) -> None:
    """Settle the week of the rotation once, for all workers."""
    if config.option.week is None:
        config.option.week = engines.week()


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to repeat this run."""
    return f"session engines: --engines={config.option.engines} --week={config.option.week}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `engine` once for each set-up that is chosen."""
    if "engine" in metafunc.fixturenames:
        option, item = metafunc.config.option, metafunc.definition
        mark = item.get_closest_marker("engines")
        names = mark.args if mark else engines.chosen(option.engines, item.nodeid, option.week)
        metafunc.parametrize("engine", [engines.param(name) for name in names], indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs a server, so that it can be deselected."""
    if any(not services.ALWAYS.issuperset(mark.args) for mark in item.iter_markers("needs")):
        item.add_marker("servers")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, what needs a server that is not there."""
    for mark in item.iter_markers("needs"):
        services.need(*mark.args)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run asynchronous tests as Django's test cases do: its threads are this thread."""
    if not iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    async_to_sync(pyfuncitem.obj)(**{name: pyfuncitem.funcargs[name] for name in wanted})
    return True


@pytest.fixture(autouse=True, scope="session")
def _no_post_migrate_after_each_test() -> Iterator[None]:
    """Flush the database without `post_migrate`, which creates permissions and content types anew
    and takes twenty times as long as the flush. A test of permissions asks for `permissions`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: None)
        yield


@receiver(setting_changed)
def _forget_folder(*, setting: str, **kwargs: Any) -> None:
    """Forget the folder of session files, which Django's engine, and any made of it, remembers on
    its class."""
    if setting == "SESSION_FILE_PATH":
        for store in (FileStore, *FileStore.__subclasses__()):
            if "_storage_path" in vars(store):
                del store._storage_path


@pytest.fixture
def engine(
    request: pytest.FixtureRequest,
    settings: Any,
    tmp_path: Path,
) -> str:
    """Run the test once for each session engine that is chosen, and return the engine's short
    name."""
    name, cache = engines.SETUPS[request.param]
    url = services.URLS.get(cache, f"{cache}://")
    # A prefix of its own keeps tests that run side by side apart, without clearing the server.
    settings.CACHES = {"default": {**cache_from_url(url), "KEY_PREFIX": uuid4().hex}}
    settings.SESSION_ENGINE = ENGINES.get(name, name)
    settings.SESSION_FILE_PATH = str(tmp_path)
    guarded.cache_clear()
    return name


@pytest.fixture(autouse=True)
def _no_refusals_before() -> None:
    """Log refused redirects, however many earlier tests have caused."""
    redirects._refusals.reset()


@pytest.fixture
def permissions(db: None) -> None:
    """Create the permissions that an earlier test has flushed."""
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)


@pytest.fixture
def clock() -> Iterator[Any]:
    """A clock that stands still until it is shifted."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def user(db: None) -> Any:
    """A user who can log in."""
    return get_user_model().objects.create_user("ann", password="pw")


@pytest.fixture
def other(db: None) -> Any:
    """Another user."""
    return get_user_model().objects.create_user("bob", password="pw")


@pytest.fixture
def ann(user: Any) -> Client:
    """A client that is logged in as ann."""
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
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Recorder"]}
    monkeypatch.setattr(Recorder, "seen", [])
    return Recorder
