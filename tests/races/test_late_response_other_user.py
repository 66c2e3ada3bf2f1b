"""F03: the late response arrives when another user has logged in with that browser."""

import pytest

from tests.races.processes import World

LATE = ["/write/", "/rotate/", "/password/", "/recreate/", "/resave/", "/clone/"]


def changed_hands(world: World, path: str) -> tuple[str, set[str], str]:
    """Log out, let another user log in, and only then answer the first user's late request."""
    first, second = world.add_user(), world.add_user()
    browser = world.browser(first)
    late = browser.begin(path, "view", method="POST", data={"password": "new"})
    browser.logout()
    browser.login(second)
    assert late.finish().errors == []
    return browser.user(), world.served(browser.history), second


@pytest.mark.parametrize("path", LATE)
def test_browser_stays_with_the_second_user(small_world: World, path: str) -> None:
    """It does not become the first user again, and the second does not lose the session."""
    now, served, second = changed_hands(small_world, path)
    assert now == second
    assert served == {second}


@pytest.mark.parametrize("path", LATE)
def test_browser_stays_with_the_second_user_without_a_logout(small_world: World, path: str) -> None:
    """A login in another user's session ends it."""
    first, second = small_world.add_user(), small_world.add_user()
    browser = small_world.browser(first)
    late = browser.begin(path, "view", method="POST", data={"password": "new"})
    browser.login(second)
    late.finish()
    assert browser.user() == second
    assert small_world.served(browser.history) == {second}


def test_late_flush_does_not_end_the_second_users_session(small_world: World) -> None:
    """Two logouts race, and another user logs in between them: the slow one does not end that
    session."""
    first, second = small_world.add_user(), small_world.add_user()
    browser = small_world.browser(first)
    late = browser.begin("/logout/", "selected", method="POST")
    browser.logout()
    browser.login(second)
    cookie = browser.cookies["sessionid"]
    late.finish()
    assert small_world.served([cookie]) == {second}


def test_without_the_package_browser_becomes_the_first_users_again(plain: World) -> None:
    """Django alone hands the second user's browser back to the first."""
    now, _, second = changed_hands(plain, "/rotate/")
    assert now != second
