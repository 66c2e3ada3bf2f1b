"""A Redis cluster of three primaries: one dies and loses what it acknowledged, or a slot moves.

Nothing that a cluster holds tells whether a session has ended, because each of its servers may be
replaced alone by one that is behind. So the rows are asked, whatever client a project has.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.races.own_cluster import OwnCluster
from tests.races.own_redis import OwnRedis
from tests.races.processes import Browser, Worker, World

pytestmark = [pytest.mark.needs("redis-server", "redis-cli", "redis"), pytest.mark.slow]

HERE = "tests.races.project_caches"
DJANGO_REDIS = "django_redis.cache.RedisCache"
CLIENTS: dict[str, dict[str, Any]] = {
    "Django": {"BACKEND": f"{HERE}.RedisClusterCache"},
    "Django-splitting": {"BACKEND": f"{HERE}.SplittingCache"},
    "django-redis-client": {
        "BACKEND": DJANGO_REDIS,
        "OPTIONS": {"CLIENT_CLASS": f"{HERE}.ConnectingClient"},
    },
    "django-redis-factory": {
        "BACKEND": DJANGO_REDIS,
        "OPTIONS": {"CONNECTION_FACTORY": f"{HERE}.ConnectingFactory"},
    },
    "django-valkey": {"BACKEND": "django_valkey.cluster_cache.cache.ClusterValkeyCache"},
}
SITES = (*(("cache", name) for name in CLIENTS), ("cached_db", "Django-splitting"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[OwnCluster]:
    """Three primaries, and a replica of each."""
    found = OwnCluster(tmp_path)
    yield found
    found.kill()


@pytest.fixture
def site(backend: str, client: str, make_world: Any, cluster: OwnCluster) -> World:
    """A site whose sessions are in the cluster."""
    world: World = make_world("sqlite", backend)
    location = cluster.urls[0] if client == "django-valkey" else cluster.urls
    world.settings["CACHES"] = {
        "default": {**CLIENTS[client], "LOCATION": location, "KEY_PREFIX": uuid4().hex}
    }
    return world


def keys_of(world: World, browser: Browser) -> tuple[str, str]:
    """Return the keys in the cluster of a session, and of what is known of its status."""
    engine = world.settings["SESSION_ENGINE"].rpartition(".")[2]
    begin = f"{world.settings['CACHES']['default']['KEY_PREFIX']}:1:"
    [[id_]] = world.do(
        "sql",
        statement="SELECT id FROM django_logout_loginsession WHERE user_id ="
        f" (SELECT id FROM auth_user WHERE username = '{browser.name}')",
    )
    cookie = browser.history[-1]
    data = f"{begin}django.contrib.sessions.{engine}{cookie}"
    return data, f"{begin}django_logout:mark:{UUID(str(id_))}"


def logged_in(world: World, cluster: OwnCluster) -> tuple[Browser, OwnRedis, str]:
    """Return a browser that two processes have served, and the server that has all about it."""
    for _ in range(60):
        name = world.add_user()
        browser = world.browser(name)
        data, mark = keys_of(world, browser)
        server = cluster.primary_of(data)
        if server is cluster.primary_of(mark):
            break
    other = world.browser(name).begin("/write/", "view")  # so that another process serves the next
    assert browser.user() == name
    other.finish()
    assert len(world.pool.workers) > 1
    for _ in range(2):  # the first reader stores what the next one finds
        assert world.served(browser.history) == {name}
    return browser, server, data


@pytest.mark.parametrize(("backend", "client"), SITES)
def test_a_promoted_replica_that_had_not_heard_of_an_ending_serves_nothing_old(
    site: World, cluster: OwnCluster
) -> None:
    """The session is there again, in every process, and so is what was known of it."""
    browser, server, data = logged_in(site, cluster)
    server.cut_off(cluster.replica_of(server))
    assert browser.logout().status == 302
    assert server.do("EXISTS", data) == "0"
    promoted = cluster.fail_over(server)
    assert promoted.do("EXISTS", data) == "1"
    assert site.served(browser.history) == set()


@pytest.mark.parametrize(("backend", "client"), [SITES[1], SITES[-1]])
def test_a_slot_that_moves_while_a_session_ends_brings_nothing_back(
    site: World, cluster: OwnCluster
) -> None:
    """The session is with another server when it ends, or has been there before."""
    browser, _, data = logged_in(site, cluster)
    ending = browser.begin("/logout/", "recorded", method="POST")
    cluster.move_slot(data)
    assert ending.finish().status == 302
    cluster.move_slot(data)
    assert site.served(browser.history) == set()


@pytest.mark.parametrize(("backend", "client"), [SITES[0]])
def test_sessions_end_while_the_first_server_is_gone(site: World, cluster: OwnCluster) -> None:
    """The project's client asks the next one, and so does a process that has just begun."""
    name = site.add_user()
    browsers = [site.browser(name) for _ in range(2)]
    cluster.fail_over(cluster.nodes[0])
    site.pool.workers.append(Worker(site.pool.environment))
    for browser in browsers:
        if browser.user() == name:  # or the session was on that server
            assert browser.logout().status == 302
    assert site.do("end", name=name, reason="admin", stops=[]) is not None
    for browser in browsers:
        assert site.served(browser.history) == set()
    site.pool.workers.pop().quit()
