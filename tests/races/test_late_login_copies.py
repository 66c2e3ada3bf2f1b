"""A request that was in flight at logout stores the login without the id of its session.

Code that keeps "nothing but the login" knows Django's three keys only, and may put them into the
same session, into a new one in its place, or into one beside it.
"""

import pytest

from tests.races.processes import COOKIE, World

IN_PLACE = ["/keep-login/here/", "/keep-login/rotated/", "/replace-session/"]
PATHS = [*IN_PLACE, "/copy-login/"]
ENDINGS = ["/logout/", "/plain-logout/"]


def late_copy(world: World, path: str, stop: str, ending: str = "/logout/") -> set[str]:
    """Log out while a request stands before or after its copy; who is served then?"""
    browser = world.browser(world.add_user())
    late = browser.begin(path, stop)
    browser.logout(ending)
    assert late.finish().errors == []
    return world.served(browser.history)


@pytest.mark.parametrize("path", PATHS)
def test_late_copy_of_the_login_is_not_served(world: World, path: str) -> None:
    """Neither by the cookie that the late response may set, nor by an earlier one."""
    assert late_copy(world, path, "view") == set()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("path", IN_PLACE[:2])
def test_login_kept_before_the_ending_ends_with_it(
    small_world: World, path: str, ending: str
) -> None:
    """The session has kept its identity, so the ending reaches it."""
    assert late_copy(small_world, path, "after", ending) == set()


@pytest.mark.parametrize("path", PATHS)
def test_login_of_another_browser_is_left_alone(small_world: World, path: str) -> None:
    """Only what the request came with is compared."""
    name = small_world.add_user()
    here, there = small_world.browser(name), small_world.browser(name)
    late = here.begin(path, "view")
    there.logout()
    assert late.finish().errors == []
    assert here.user() == name
    assert there.user() == ""


@pytest.mark.parametrize("path", PATHS)
def test_everywhere_ends_what_a_late_request_copies(small_world: World, path: str) -> None:
    """The ending comes from outside of any request."""
    name = small_world.add_user()
    browser = small_world.browser(name)
    late = browser.begin(path, "view")
    small_world.do("end", name=name, reason="admin", stops=[])
    assert late.finish().errors == []
    assert small_world.served(browser.history) == set()


@pytest.mark.parametrize("path", PATHS)
def test_late_response_sets_no_cookie(small_world: World, path: str) -> None:
    """It says that the session has ended."""
    browser = small_world.browser(small_world.add_user())
    late = browser.begin(path, "view")
    browser.logout()
    answer = late.finish()
    assert answer.status == 302
    assert answer.url.startswith("/login/")
    assert COOKIE not in answer.cookies


def test_without_the_package_a_late_copy_is_served(plain: World) -> None:
    """The race is one: Django alone loses it on every engine."""
    assert late_copy(plain, "/copy-login/", "view")
