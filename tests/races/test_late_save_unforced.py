"""F01 by luck: nothing is forced, Redis is a millisecond away, requests just come as they do."""

import pytest

from tests.races.processes import Pending, World

ROUNDS = 100
WRITERS = 2


def alive_after(world: World, rounds: int) -> int:
    """Log out while requests that write the session are in flight; in how many rounds is the
    session served afterwards?"""
    name = world.add_user()
    alive = 0
    for number in range(rounds):
        browser = world.browser(name)
        cookies = dict(browser.cookies)
        writers = [burst(world, cookies, rotate=bool(number % 2)) for _ in range(WRITERS)]
        browser.logout()
        given = {cookie for each in writers for cookie in each.wait().value}
        alive += bool(world.served_once([*browser.history, *given]))
    return alive


def burst(world: World, cookies: dict[str, str], *, rotate: bool) -> Pending:
    """A few requests of one tab, one after the other, while others are under way."""
    paths = ["/write/", "/rotate/", "/write/"] if rotate else ["/write/"] * 4
    pending = Pending(world.worker())
    pending.worker.tell("burst", paths=paths, cookies=cookies)
    return pending


@pytest.mark.parametrize("setup", ["cache", "cached_db", "file"])
def test_none_of_a_hundred_sessions_is_restored(make_world, setup: str) -> None:
    """Not one, with keys that rotate in half of the rounds."""
    world = make_world("sqlite", setup)
    world.settings["CACHES"]["default"]["BACKEND"] = "tests.races.slow.FarRedisCache"
    assert alive_after(world, ROUNDS) == 0
