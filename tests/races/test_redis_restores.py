"""A Redis or Valkey that has lost what it acknowledged: restarted from its snapshot, promoted, or a replica.

An ending said that it was complete, and the cache that had been told of it then held again what it
held before. Copied cookies were served for up to a minute.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.guard import status_cache
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.races.own_redis import KEEPS_SNAPSHOTS, OwnRedis, free_port
from tests.races.processes import Worker
from tests.settings import ENGINES
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis-server")]

CLIENTS = {
    "Django": "django.core.cache.backends.redis.RedisCache",
    "django-redis": "django_redis.cache.RedisCache",
    "django-valkey": "django_valkey.cache.ValkeyCache",
}


REDIS, VALKEY = "redis-server", "valkey-server"

#: Each engine whose sessions are guarded by the cache, each client library, and each server.
SITES = (
    *(("cached_db", name, REDIS) for name in CLIENTS),
    ("cache", "Django", REDIS),
    ("file", "django-redis", REDIS),
    ("signed_cookies", "django-valkey", REDIS),
    ("cache", "django-valkey", VALKEY),
    ("cached_db", "Django", VALKEY),
    ("signed_cookies", "django-valkey", VALKEY),
)


def param(site: tuple[str, str, str]) -> Any:
    """Return the parameter for a site, marked with the server that it needs."""
    return pytest.param(site, marks=pytest.mark.needs(site[2]), id="-".join(site))


@pytest.fixture(params=[param(each) for each in SITES])
def site(request: Any) -> tuple[str, str, str]:
    """An engine, a client library and a server."""
    found: tuple[str, str, str] = request.param
    return found


@pytest.fixture
def backend(site: tuple[str, str, str], settings: Any, tmp_path: Path) -> str:
    """A client library, on a session engine."""
    engine, name, _ = site
    settings.SESSION_ENGINE = ENGINES[engine]
    settings.SESSION_FILE_PATH = str(tmp_path)
    return CLIENTS[name]


@pytest.fixture
def start(request: Any, tmp_path: Path) -> Iterator[Any]:
    """Start servers that are gone after the test."""
    servers: list[OwnRedis] = []
    has_site = "site" in request.fixturenames
    program = request.getfixturevalue("site")[2] if has_site else REDIS

    def up(*options: str) -> OwnRedis:
        folder = tmp_path / f"redis{len(servers)}"
        folder.mkdir()
        servers.append(OwnRedis(folder, *(options or KEEPS_SNAPSHOTS), program=program))
        return servers[-1]

    yield up
    for server in servers:
        server.kill()


def use(settings: Any, backend: str, location: Any, **options: Any) -> None:
    """Let the site keep its sessions and their status in this Redis."""
    found: dict[str, Any] = {"BACKEND": backend, "LOCATION": location, "KEY_PREFIX": uuid4().hex}
    settings.CACHES = {"default": {**found, "OPTIONS": options} if options else found}


def logged_in(user: Any) -> tuple[Client, Client]:
    """Return a browser, and a copy of its cookie, that were both served a short while ago."""
    browser = Client()
    browser.force_login(user)
    twin = copy_of(browser)
    for client in (browser, twin, browser):
        assert logged_in_as(client) == "ann"
    return browser, twin


@pytest.mark.parametrize("everyone", [False, True], ids=["current", "everyone"])
def test_nothing_comes_back_with_the_snapshot_of_a_restarted_server(
    settings: Any, backend: str, start: Any, user: Any, everyone: bool
) -> None:
    """Not for the copied cookie, in the process that has ended the session."""
    server = start()
    use(settings, backend, server.url)
    browser, twin = logged_in(user)
    server.do("SAVE")
    if everyone:
        assert end_sessions(Target.everyone()).complete
    else:
        assert browser.post(LOGOUT).status_code == 200
    server.kill()
    server.start()
    assert status_cache_holds_something(server)
    assert logged_in_as(twin) == ""


@pytest.mark.parametrize("setup", ["cached_db", "cache", "file", "signed_cookies"])
def test_no_other_process_serves_what_the_snapshot_brings_back(
    make_world: Any, start: Any, setup: str
) -> None:
    """Neither one that was there before the restart, nor one that begins afterwards."""
    server = start()
    world = make_world("sqlite", setup)
    world.settings["CACHES"]["default"] |= {"BACKEND": CLIENTS["Django"], "LOCATION": server.url}
    name = world.add_user()
    browser, other = world.browser(name), world.browser(name)
    late = other.begin("/write/", "view")  # so that another process serves the next request
    assert browser.user() == name
    late.finish()
    assert len(world.pool.workers) > 1
    assert world.served(browser.history) == {name}
    server.do("SAVE")
    assert browser.logout().status in {200, 302}
    server.kill()
    server.start()
    assert status_cache_holds_something(server)
    assert world.served(browser.history) == set()
    world.pool.workers.append(Worker(world.pool.environment))
    assert world.served(browser.history) == set()


def test_who_was_logged_in_is_so_after_a_restart(
    settings: Any, backend: str, start: Any, user: Any, django_assert_num_queries: Any
) -> None:
    """The row is asked once, and the cache counts again."""
    server = start()
    use(settings, backend, server.url)
    browser, _ = logged_in(user)
    server.do("SAVE")
    server.kill()
    server.start()
    assert logged_in_as(browser) == "ann"
    with django_assert_num_queries(1):  # for the user
        assert logged_in_as(browser) == "ann"


def status_cache_holds_something(server: OwnRedis) -> bool:
    """The snapshot has brought entries back, else the test shows nothing."""
    return int(server.do("DBSIZE")) > 0


class Address:
    """An address that leads to one server now, and to another after a failover."""

    def __init__(self, to: OwnRedis) -> None:
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"
        self.open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def move(self, to: OwnRedis) -> None:
        """Lead to another server; connections to the one before are closed."""
        self.to = to
        for each in self.open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Lead nowhere."""
        with suppress(OSError):  # what wakes the thread that accepts
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.move(self.to)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.to.port))
                self.open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError), closing(source):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_RDWR)


def test_a_promoted_replica_that_had_not_heard_of_an_ending_serves_nothing_old(
    settings: Any, backend: str, start: Any, user: Any
) -> None:
    """It was behind when its primary died."""
    primary, replica = start(), start()
    replica.do("REPLICAOF", "127.0.0.1", str(primary.port))
    until(lambda: "master_link_status:up" in replica.do("INFO"), "the replica does not follow")
    address = Address(primary)
    try:
        use(settings, backend, address.url)
        browser, twin = logged_in(user)
        held = primary.do("DBSIZE")
        until(lambda: replica.do("DBSIZE") == held, "the replica does not catch up")
        replica.do("REPLICAOF", "NO", "ONE")  # it hears nothing from now on
        assert browser.post(LOGOUT).status_code == 200
        address.move(replica)
        assert logged_in_as(twin) == ""
    finally:
        address.close()


def test_a_replica_that_lags_is_not_asked(
    settings: Any, backend: str, start: Any, user: Any
) -> None:
    """LOCATION names a primary and a replica, which still holds what was before the ending."""
    primary, replica = start(), start()
    replica.do("REPLICAOF", "127.0.0.1", str(primary.port))
    until(lambda: "master_link_status:up" in replica.do("INFO"), "the replica does not follow")
    use(settings, backend, primary.url)
    browser, twin = logged_in(user)
    held = primary.do("DBSIZE")
    until(lambda: replica.do("DBSIZE") == held, "the replica does not catch up")
    both = {"LOCATION": [primary.url, replica.url]}
    settings.CACHES = {"default": settings.CACHES["default"] | both}
    replica.do("REPLICAOF", "NO", "ONE")  # it hears nothing from now on
    assert browser.post(LOGOUT).status_code == 200
    assert logged_in_as(twin) == ""


@pytest.fixture
def cluster(start: Any) -> OwnRedis:
    """One node that has all slots: it refuses a call for keys of several."""
    server: OwnRedis = start(
        "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--save", ""
    )
    server.do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    until(lambda: "cluster_state:ok" in server.do("CLUSTER", "INFO"), "no cluster")
    return server


def test_in_cluster_mode_the_rows_are_asked_and_nothing_is_logged(
    settings: Any, backend: str, cluster: OwnRedis, user: Any, caplog: Any
) -> None:
    """No call there reads the keys of several slots, so the cache holds no status."""
    use(settings, backend, cluster.url)
    browsers = [logged_in(user) for _ in range(3)]
    assert end_sessions(Target.user(user)).complete
    for browser, twin in browsers:
        assert (logged_in_as(browser), logged_in_as(twin)) == ("", "")
    last, twin = logged_in(user)
    assert last.post(LOGOUT).status_code == 200
    assert logged_in_as(twin) == ""
    # A busy machine makes asyncio say what took long.
    ours = [record for record in caplog.records if record.name.startswith("django")]
    assert not [record for record in ours if record.levelname in {"ERROR", "WARNING"}]


def test_a_full_server_does_not_keep_anyone_in(
    settings: Any, backend: str, start: Any, user: Any
) -> None:
    """A user who can fill the cache cannot stop others from logging out."""
    server = start("--save", "", "--maxmemory-policy", "noeviction")
    use(settings, backend, server.url)
    browser, twin = logged_in(user)
    server.do("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(Exception, match=r"(?i)out of memory|OOM|maxmemory"):
        caches["default"].set("more", "x")
    assert browser.post(LOGOUT).status_code == 200
    assert logged_in_as(twin) == ""


def test_a_server_that_may_not_be_asked_for_its_name_is_used_without(
    settings: Any, backend: str, start: Any, user: Any, caplog: Any
) -> None:
    """It forbids INFO; the log says what follows."""
    server = start("--save", "", "--rename-command", "INFO", "")
    use(settings, backend, server.url)
    browser, twin = logged_in(user)
    assert "restart is not noticed" in caplog.text
    cache = status_cache.shared_cache()
    assert cache is not None
    assert cache.server.name == ""
    assert browser.post(LOGOUT).status_code == 200
    assert logged_in_as(twin) == ""


def test_what_the_project_does_on_new_connections_is_done_too(
    settings: Any, start: Any, user: Any
) -> None:
    """Its own function is called before the server is asked."""
    opened: list[Any] = []

    def on_connect(connection: Any) -> None:
        connection.on_connect()
        opened.append(connection)

    settings.SESSION_ENGINE = ENGINES["cached_db"]
    use(settings, CLIENTS["Django"], start().url, redis_connect_func=on_connect)
    logged_in(user)
    assert opened
    cache = status_cache.shared_cache()
    assert cache is not None
    assert cache.server.name
