"""Checks of the session engine and its cache."""

import pytest

from tests.backends import cache_from_url
from tests.operations.checks.projects import (
    LOCMEM,
    REDIS,
    found,
)
from tests.settings import ENGINES


@pytest.mark.parametrize("name", ["cached_db", "cache", "file", "signed_cookies"])
def test_each_guarded_engine_needs_a_shared_cache(name: str) -> None:
    """These are all of Django's engines except ``db``."""
    assert list(found(SESSION_ENGINE=ENGINES[name])) == ["W022"]
    assert found(SESSION_ENGINE=ENGINES[name], CACHES={"default": REDIS}) == {}


@pytest.mark.needs("pymemcache")
def test_cache_that_cannot_be_asked_whether_it_was_restarted() -> None:
    """Its class is unknown; that of Memcached keeps nothing over a restart."""
    shared, memcached = cache_from_url("shared://here"), cache_from_url("memcached://127.0.0.1:1")
    assert list(found(SESSION_ENGINE=ENGINES["cache"], CACHES={"default": shared})) == ["I028"]
    assert found(SESSION_ENGINE=ENGINES["cache"], CACHES={"default": memcached}) == {}
    assert found(SESSION_ENGINE=ENGINES["db"], CACHES={"default": shared}) == {}


def test_missing_session_cache_is_reported() -> None:
    """It cannot hold the status of sessions either."""
    messages = found(SESSION_ENGINE=ENGINES["file"], SESSION_CACHE_ALIAS="nowhere")
    assert list(messages) == ["E021"]
    assert "SESSION_CACHE_ALIAS" in messages["E021"].msg


def test_cache_backend_that_cannot_be_imported_is_reported() -> None:
    """The check raises no exception."""
    caches = {**LOCMEM, "shared": {"BACKEND": "no.such.Cache"}}
    assert list(found(CACHES=caches, LOGOUT={"CACHE_ALIAS": "shared"})) == ["E021"]


def test_engine_without_a_store_is_reported() -> None:
    """The module exists, and is not an engine."""
    assert list(found(SESSION_ENGINE="tests.services")) == ["E020"]


SEVERAL = ["redis://primary", "redis://replica"]


def test_replicas_of_a_cache_that_cannot_be_opened() -> None:
    """Whether it reads from them is unknown, so the check warns beside the error."""
    caches = {**LOCMEM, "shared": {"BACKEND": "no.such.RedisCache", "LOCATION": SEVERAL}}
    messages = found(SESSION_ENGINE=ENGINES["cache"], SESSION_CACHE_ALIAS="shared", CACHES=caches)
    assert set(messages) == {"E021", "W027"}


def test_replicas_under_an_engine_that_cannot_be_imported() -> None:
    """Whether it holds its sessions in the cache is unknown; the engine comes first."""
    caches = {"default": {**REDIS, "LOCATION": SEVERAL}}
    assert set(found(SESSION_ENGINE="no.such.engine", CACHES=caches)) == {"E020"}
