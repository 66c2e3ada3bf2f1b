"""Many rounds of logging out under traffic, while the cache is flushed, cut off and restarted.

``STRESS_ROUNDS`` sets their number for each engine.
"""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from subprocess import CalledProcessError
from typing import Any

import pytest

from tests.races.own_redis import KEEPS_SNAPSHOTS, OwnRedis
from tests.races.processes import Browser, Pending, World

pytestmark = [pytest.mark.slow, pytest.mark.needs("redis-server", "postgres")]

ROUNDS = int(os.environ.get("STRESS_ROUNDS", "12"))
#: How often a page is asked for again, and how often "log out" is pressed, until it is answered.
ATTEMPTS = 40
COMMANDS = (("FLUSHDB",), ("CLIENT", "KILL", "TYPE", "normal"), ("SAVE",), ("SAVE",))


class Trouble:
    """Things that happen to a server, at moments of chance."""

    def __init__(self, redis: OwnRedis, seed: int) -> None:
        self.redis, self.chance = redis, random.Random(seed)
        self.over = threading.Event()

    def strike(self) -> None:
        """Do one thing to it."""
        if self.chance.random() < 0.2:
            self.redis.kill()
            self.redis.start()
            return
        try:
            self.redis.do(*self.chance.choice(COMMANDS))
        except CalledProcessError:  # cut off by the thread of another round's command
            return

    def run(self) -> None:
        """Go on until the round is over."""
        while not self.over.wait(self.chance.uniform(0, 0.05)):
            self.strike()

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Make trouble while the block runs."""
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()
            self.over.clear()


def until_answered(ask: Any) -> Any:
    """Ask again while the site says that it cannot tell."""
    for _ in range(ATTEMPTS):
        answer = ask()
        if answer.status not in {500, 503}:
            return answer
    raise AssertionError(f"no answer but {answer}")


def write(world: World, cookies: dict[str, str], *, rotate: bool) -> Pending:
    """Send a few requests of one tab, while others are under way."""
    pending = Pending(world.worker())
    paths = ["/write/", "/rotate/", "/write/"] if rotate else ["/write/", "/", "/write/"]
    pending.worker.tell("burst", paths=paths, cookies=cookies)
    return pending


@pytest.mark.parametrize("setup", ["db", "cached_db", "cache", "file", "signed_cookies"])
def test_nothing_is_served_after_complete_whatever_happens_to_the_cache(
    make_world: Any, tmp_path_factory: Any, setup: str
) -> None:
    """FLUSHDB, connections cut, the server killed and back with an old snapshot."""
    redis = OwnRedis(tmp_path_factory.mktemp("redis"), *KEEPS_SNAPSHOTS)
    world = make_world("postgres", setup)
    world.settings["CACHES"]["default"] |= {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis.url,
    }
    trouble, revived, completed = Trouble(redis, seed=1), 0, 0
    try:
        name = world.add_user()
        for number in range(ROUNDS):
            browser = Browser(world)
            form = {"username": name, "password": name}
            until_answered(partial(browser.post, "/login/", **form))
            cookies = dict(browser.cookies)
            browser.name = name
            with trouble.meanwhile():
                writers = [write(world, cookies, rotate=bool(number % 2)) for _ in range(2)]
                answer = until_answered(browser.logout)
                given = {cookie for each in writers for cookie in each.wait().value}
            completed += answer.status in {200, 302}
            for _ in range(3):
                revived += bool(world.served_once([*browser.history, *given]))
                trouble.strike()
    finally:
        redis.kill()
    assert completed == ROUNDS
    assert revived == 0
