"""F11 across processes: Redis goes down after an ending's commit, before the cache could learn of it.
What a process remembers then stands for a while; the next ending may not say "done" over it."""

from typing import Any

import pytest

from tests.races.own_redis import OwnRedis
from tests.races.processes import World

pytestmark = pytest.mark.needs("redis-server")

#: Those whose sessions a process may remember.
SETUPS = ["cached_db", "cache", "file", "signed_cookies"]


@pytest.fixture(params=SETUPS)
def site(request: Any, make_world: Any, redis: OwnRedis) -> World:
    """Processes on PostgreSQL, with this Redis behind them."""
    world: World = make_world("postgres", request.param)
    world.settings["CACHES"]["default"]["LOCATION"] = redis.url
    world.do("forget_cutoffs")
    return world


def refuse_writes(redis: OwnRedis) -> None:
    """Answer reads alone, as a primary does that has lost its replicas."""
    redis.do("CONFIG", "SET", "min-replicas-to-write", "1")


@pytest.mark.parametrize("everyone", [False, True])
@pytest.mark.parametrize("first", ["everywhere", "logout"])
def test_next_ending_marks_sessions_that_the_cache_missed(
    site: World, redis: OwnRedis, first: str, everyone: bool
) -> None:
    """Not done, and said so; then done by another process, and no process serves anybody."""
    name = site.add_user()
    browsers = [site.browser(name) for _ in range(3)]
    assert [each.user() for each in browsers] == [name] * 3

    if first == "everywhere":
        door = site.begin("end", "committed", name=name, reason="admin")
        refuse_writes(redis)
        with pytest.raises(AssertionError, match="SessionNotEnded"):
            door.finish()
    else:
        late = browsers[0].begin("/logout/", "committed", method="POST")
        refuse_writes(redis)
        assert late.finish().status == 503
    assert site.served(browsers[0].history) == {name}  # or the test would prove nothing

    redis.do("CONFIG", "SET", "min-replicas-to-write", "0")
    browsers.append(site.browser(name))
    site.do("end", name=None if everyone else name, reason="command", stops=[])

    assert site.served(cookie for each in browsers for cookie in each.history) == set()
