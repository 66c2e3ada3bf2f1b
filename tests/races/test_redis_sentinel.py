"""A Sentinel promotes a replica that had not heard of an ending: its name differs, so rows are asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.races.own_sentinel import OwnSentinel
from tests.races.processes import Worker, World

pytestmark = [
    pytest.mark.needs("redis-server", "redis-cli", "redis", "django_redis"),
    pytest.mark.slow,
]


def django(sentinel: OwnSentinel) -> dict[str, Any]:
    """Django's own cache, with a pool that asks the Sentinel."""
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"redis://{sentinel.service}",
        "OPTIONS": {
            "pool_class": "tests.races.project_caches.SentinelPool",
            "sentinels": sentinel.addresses,
        },
    }


def django_redis(sentinel: OwnSentinel) -> dict[str, Any]:
    """As its documentation has it. Sessions are read from the primary and the replica."""
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": f"redis://{sentinel.service}/0",
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": sentinel.addresses,
        },
    }


def django_valkey(sentinel: OwnSentinel) -> dict[str, Any]:
    """As its documentation has it."""
    return {
        "BACKEND": "django_valkey.cache.ValkeyCache",
        "LOCATION": f"valkey://{sentinel.service}/0",
        "OPTIONS": {
            "CLIENT_CLASS": "django_valkey.client.SentinelClient",
            "CONNECTION_FACTORY": "django_valkey.pool.SentinelConnectionFactory",
            "SENTINELS": sentinel.addresses,
        },
    }


SITES = [
    ("cache", django),
    ("cached_db", django),
    ("signed_cookies", django),
    ("cache", django_redis),
    ("signed_cookies", django_redis),
    ("cached_db", django_valkey),
]


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[OwnSentinel]:
    """A primary, a replica and a Sentinel."""
    found = OwnSentinel(tmp_path)
    yield found
    found.kill()


@pytest.fixture(params=SITES, ids=lambda pair: f"{pair[0]}-{pair[1].__name__}")
def site(request: Any, make_world: Any, sentinel: OwnSentinel) -> World:
    """A site that asks the Sentinel for its cache."""
    engine, cache = request.param
    world: World = make_world("sqlite", engine)
    world.settings["CACHES"] = {"default": {**cache(sentinel), "KEY_PREFIX": uuid4().hex}}
    return world


def test_a_failover_that_loses_an_ending_serves_nothing_old(
    site: World, sentinel: OwnSentinel
) -> None:
    """In every process, whether it was there before or begins afterwards."""
    name = site.add_user()
    browser, other = site.browser(name), site.browser(name)
    late = other.begin("/write/", "view")  # so that another process serves the next request
    sentinel.primary.wait_for(sentinel.replica)
    assert browser.user() == name
    late.finish()
    assert len(site.pool.workers) > 1
    for _ in range(2):  # the first reader stores what the next one finds
        sentinel.primary.wait_for(sentinel.replica)
        assert site.served(browser.history) == {name}
    sentinel.primary.cut_off(sentinel.replica)
    assert browser.logout().status == 302
    sentinel.fail_over()
    assert "django_logout:seen:" in sentinel.replica.do("KEYS", "*")  # or it shows nothing
    assert site.served(browser.history) == set()
    site.pool.workers.append(Worker(site.pool.environment))
    assert site.served(browser.history) == set()
    site.pool.workers.pop().quit()
