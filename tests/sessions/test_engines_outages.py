"""Storage that does not answer: nothing is claimed, and no browser loses its session for it."""

import builtins
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from errno import EACCES, EIO, EMFILE
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from django_logout.guard.install import guarded
from django_logout.models import LogoutEvent
from tests import forgetful_engine
from tests.clients import LOGOUT, before_us, copy_of, logged_in, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

Outage = Callable[[], AbstractContextManager[Any]]


@contextmanager
def folder_is_away(folder: Path) -> Iterator[None]:
    """The disk is not mounted."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    yield
    aside.rename(folder)


@contextmanager
def folder_is_a_file(folder: Path) -> Iterator[None]:
    """Something else is there."""
    with folder_is_away(folder):
        folder.touch()
        yield
        folder.unlink()


def files_fail(number: int) -> Any:
    """Return an outage in which each file fails with this error, but not their folder."""

    @contextmanager
    def fail(folder: Path) -> Iterator[None]:
        def fails(path: Any, *args: Any, **kwargs: Any) -> Any:
            if str(path).startswith(str(folder)):
                raise OSError(number, "no", str(path))
            return really(path, *args, **kwargs)

        really = builtins.open
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(builtins, "open", fails)
            yield

    return fail


OUTAGES = {
    "away": folder_is_away,
    "a file": folder_is_a_file,
    "denied": files_fail(EACCES),
    "broken": files_fail(EIO),
    "too many open": files_fail(EMFILE),
}


@contextmanager
def forget() -> Iterator[None]:
    """The project's own engine has lost its storage for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forgetful_engine.SessionStore, "down", True)
        yield


@contextmanager
def swallow() -> Iterator[None]:
    """A client of a cache that takes an outage for a miss."""
    cache = type(caches["default"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "get", lambda *args, **kwargs: None)
        patch.setattr(cache, "get_many", lambda *args, **kwargs: {})
        patch.setattr(cache, "add", lambda *args, **kwargs: False)
        yield


@pytest.fixture(params=[*OUTAGES, "own engine", "cache"])
def outage(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Outage:
    """An engine, and what takes its storage away."""
    if request.param in OUTAGES:
        request.getfixturevalue("file_engine")
        return lambda: OUTAGES[request.param](tmp_path / "sessions")
    backend = "django.contrib.sessions.backends.cache"
    own = request.param == "own engine"
    settings.SESSION_ENGINE = "tests.forgetful_engine" if own else backend
    guarded.cache_clear()
    return forget if own else swallow


@pytest.fixture
def file_engine(settings: Any, tmp_path: Path) -> None:
    """Sessions in the files of a folder."""

    (tmp_path / "sessions").mkdir()
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    settings.SESSION_FILE_PATH = str(tmp_path / "sessions")
    guarded.cache_clear()


@pytest.mark.parametrize("sign_in", [before_us, logged_in])
@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_a_logout_claims_nothing(outage: Outage, user: Any, sign_in: Any, url: str) -> None:
    """It is not done, so that it can be done again; by our view and by Django's function."""
    client = sign_in(user)
    thief = copy_of(client)
    with outage():
        response = client.post(url)
        assert response.status_code == 503
        assert "sessionid" not in response.cookies
    assert not LogoutEvent.objects.exists()
    assert logged_in_as(client) == "ann"
    assert client.post(url).status_code in {200, 302}
    assert logged_in_as(thief) == ""


@pytest.mark.parametrize("sign_in", [before_us, logged_in])
def test_a_page_leaves_the_cookie_alone(outage: Outage, user: Any, sign_in: Any) -> None:
    """The user is logged in again when the storage is back."""
    client = sign_in(user)
    with outage():
        response = client.get("/")
        assert "sessionid" not in response.cookies
    assert logged_in_as(client) == "ann"


def test_a_session_that_does_not_exist_is_no_outage(request: pytest.FixtureRequest) -> None:
    """Its cookie is withdrawn, on every engine that may hide an outage."""
    request.getfixturevalue("file_engine")
    for key in ("0" * 32, "../../etc/passwd", "x" * 3000):
        client = Client()
        client.cookies["sessionid"] = key
        assert client.get("/").cookies["sessionid"].value == ""
        client.cookies["sessionid"] = key
        assert client.post(LOGOUT).status_code == 200


def test_nor_is_one_of_the_projects_own_engine(settings: Any) -> None:
    """The engine is asked to store a session, of which nothing is left."""
    settings.SESSION_ENGINE = "tests.forgetful_engine"
    guarded.cache_clear()
    before = dict(forgetful_engine.SessionStore.stored)
    client = Client()
    client.cookies["sessionid"] = "0" * 32
    assert client.get("/").cookies["sessionid"].value == ""
    assert forgetful_engine.SessionStore.stored == before


def test_an_error_in_the_code_of_the_projects_engine_is_raised(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be called an outage for ever."""

    def fail(*args: Any) -> Any:
        raise TypeError("no such argument")

    settings.SESSION_ENGINE = "tests.forgetful_engine"
    guarded.cache_clear()
    monkeypatch.setattr(forgetful_engine.SessionStore, "create", fail)
    client = Client()
    client.cookies["sessionid"] = "0" * 32
    with pytest.raises(TypeError, match="no such argument"):
        client.get("/")
