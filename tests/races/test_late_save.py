"""F01: a request that was in flight at logout saves the session afterwards."""

import pytest

from tests.races.processes import COOKIE, World


def late_save(world: World, stop: str, path: str = "/write/", **how: object) -> set[str]:
    """Log out while a request that writes the session stands at a point; who is served then?"""
    browser = world.browser(world.add_user())
    late = browser.begin(path, stop, **how)
    browser.logout()
    late.finish()
    return world.served(browser.history)


def test_f01_a_late_save_does_not_bring_the_session_back(world: World) -> None:
    """Whatever the late request writes, it is not the session that has ended."""
    assert late_save(world, "view") == set()


def test_f01_nor_does_a_save_cut_in_two(world: World) -> None:
    """The engine has looked, the session ends, the engine writes: still ended."""
    assert late_save(world, world.gap or "engine saved") == set()


def test_f01_nor_does_a_save_that_the_guard_has_not_seen_the_end_of(world: World) -> None:
    """The engine has written, and only then the session ends."""
    assert late_save(world, "engine saved") == set()


def test_f01_nor_does_an_asynchronous_save(world: World) -> None:
    """The same under ASGI."""
    assert late_save(world, "view", "/awrite/", asgi=True) == set()


def test_f01_without_the_package_it_comes_back(plain: World) -> None:
    """The race is one: Django alone loses it on every engine but db."""
    alive = late_save(plain, plain.gap or "view")
    assert bool(alive) == (plain.engine != "db")


@pytest.mark.parametrize("path", ["/logout/", "/plain-logout/"])
def test_f01_the_answer_to_the_late_request_says_so(world: World, path: str) -> None:
    """The late request is not answered as if nothing had happened, and sets no cookie."""
    browser = world.browser(world.add_user())
    late = browser.begin("/write/", "view")
    assert browser.logout(path).status == 302
    answer = late.finish()
    assert answer.status == 302
    assert answer.url.startswith("/login/")
    assert COOKIE not in answer.cookies
