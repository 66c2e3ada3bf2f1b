"""Memcached is restarted or flushed while a session ends. It comes back empty, so rows are asked."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest

from tests.races.own_redis import free_port
from tests.races.processes import COOKIE, World
from tests.waiting import until, until_served

pytestmark = [pytest.mark.needs("memcached-server", "pymemcache"), pytest.mark.slow]

ENGINES = ("cache", "cached_db", "file", "signed_cookies")
#: Clients of Django's, of which the second has to be compiled.
SITES = (
    *((engine, "PyMemcacheCache") for engine in ENGINES),
    ("cached_db", "PyLibMCCache"),
)


class OwnMemcached:
    """One server on a port of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        """Up, and empty."""
        command = ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command)
        until_served(self.port, self.process)

    def kill(self) -> None:
        """Down at once: connections are refused."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Lose everything, and all connections."""
        self.kill()
        self.start()

    def flush(self) -> None:
        """Lose everything."""
        assert self._do("flush_all", b"OK\r\n")

    def drop(self, part: str) -> None:
        """Lose the entries with this in their keys, as if they were evicted."""
        found = re.findall(r"key=(\S+)", self._do("lru_crawler metadump all", b"END\r\n"))
        keys = [key for key in map(unquote, found) if part in key]
        assert keys
        for key in keys:
            self._do(f"delete {key}", b"\r\n")

    def _do(self, command: str, end: bytes) -> str:
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(f"{command}\r\n".encode())
            while not answer.endswith(end):
                answer += connection.recv(65536)
        return answer.decode()


@pytest.fixture
def memcached() -> Iterator[OwnMemcached]:
    """A server that may go down."""
    found = OwnMemcached()
    yield found
    found.kill()


@pytest.fixture(params=SITES, ids="-".join)
def site(request: Any, make_world: Any, memcached: OwnMemcached) -> World:
    """A site whose sessions, or their status, are in this Memcached."""
    engine, backend = request.param
    if backend == "PyLibMCCache":
        pytest.importorskip("pylibmc")
    world: World = make_world("sqlite", engine)
    world.settings["CACHES"] = {
        "default": {
            "BACKEND": f"django.core.cache.backends.memcached.{backend}",
            "LOCATION": f"127.0.0.1:{memcached.port}",
            "KEY_PREFIX": uuid4().hex,
        }
    }
    return world


#: What is lost, and where the ending is then: nothing is done, the row has ended, or the cache has
#: learnt of it.
LOSSES = (("flush", "ready"), ("flush", "committed"), ("restart", "committed"), ("flush", "closed"))


@pytest.mark.parametrize(("loss", "step"), LOSSES)
def test_a_loss_while_a_session_ends_brings_nothing_back(
    site: World, memcached: OwnMemcached, loss: str, step: str
) -> None:
    """A reader that began before stores what it has read after the loss."""
    name = site.add_user()
    browser = site.browser(name)
    cookie = browser.history[-1]
    memcached.drop("django_logout:mark")  # so that the next reader asks the row
    reader = site.browser()
    reader.cookies[COOKIE] = cookie
    late = reader.begin("/", "remembering")
    ending = browser.begin("/logout/", step, method="POST")
    getattr(memcached, loss)()
    first = ending.finish()
    late.finish()
    if first.status == 503:  # the connection was gone, and is not tried for a while
        until(lambda: browser.logout().status == 302, "nobody can log out")
    assert site.served(browser.history) == set()
