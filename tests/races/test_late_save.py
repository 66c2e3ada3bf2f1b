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


def test_late_save_does_not_restore_the_session(world: World) -> None:
    """Whatever the late request writes, it is not the session that has ended."""
    assert late_save(world, "view") == set()


def test_save_interrupted_by_the_ending_does_not_restore_the_session(world: World) -> None:
    """The engine has looked, the session ends, the engine writes: still ended."""
    assert late_save(world, world.gap or "engine saved") == set()


def test_save_before_the_ending_does_not_restore_the_session(world: World) -> None:
    """The engine has written, and only then the session ends."""
    assert late_save(world, "engine saved") == set()


def test_async_save_does_not_restore_the_session(world: World) -> None:
    """The same under ASGI."""
    assert late_save(world, "view", "/awrite/", asgi=True) == set()


def test_without_the_package_late_save_restores_the_session(plain: World) -> None:
    """The race is one: Django alone loses it on every engine but db."""
    alive = late_save(plain, plain.gap or "view")
    assert bool(alive) == (plain.engine != "db")


@pytest.mark.parametrize("path", ["/logout/", "/plain-logout/"])
def test_response_to_the_late_request_says_that_the_session_ended(world: World, path: str) -> None:
    """The late request is not answered as if nothing had happened, and sets no cookie."""
    browser = world.browser(world.add_user())
    late = browser.begin("/write/", "view")
    assert browser.logout(path).status == 302
    answer = late.finish()
    assert answer.status == 302
    assert answer.url.startswith("/login/")
    assert COOKIE not in answer.cookies
