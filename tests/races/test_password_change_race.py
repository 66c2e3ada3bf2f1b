"""F04: a logout races a change of the same user's password in another tab."""

import pytest

from tests.races.processes import Browser, Pending, World

#: Where the change can stand: before the new password is written, before and after its session
#: has followed, and just before the answer.
STOPS = ["view", "engine saved", "rotated", "after"]
FORM = {"method": "POST", "data": {"password": "new"}}


def changing(browser: Browser, stop: str) -> Pending:
    """A change of the password, stopped on its way."""
    if stop == "rotated" and browser.world.engine == "signed_cookies":
        pytest.skip("has no keys to follow")
    return browser.begin("/password/", stop, **FORM)


@pytest.mark.parametrize("stop", STOPS)
def test_logout_wins(small_world: World, stop: str) -> None:
    """Whichever of the two writes first, the late response does not log the user in again."""
    assert logged_out_meanwhile(small_world, "/logout/", stop) == set()


def test_logout_wins_on_every_database(world: World) -> None:
    """Where the new password is written, and its session has not followed."""
    assert logged_out_meanwhile(world, "/logout/", "engine saved") == set()


@pytest.mark.parametrize("stop", ["view", "engine saved", "after"])
def test_django_logout_view_wins(small_world: World, stop: str) -> None:
    """The view sees an anonymous user: to Django, the session is older than the password."""
    assert logged_out_meanwhile(small_world, "/plain-logout/", stop) == set()


def logged_out_meanwhile(world: World, path: str, stop: str) -> set[str]:
    """Who is served after a logout that came while the change stood at a point."""
    browser = world.browser(world.add_user())
    late = changing(browser, stop)
    browser.logout(path)
    late.finish()
    assert browser.user() == ""
    return world.served(browser.history)


@pytest.mark.parametrize("stop", ["view", "after"])
def test_logout_wins_under_traffic(small_world: World, stop: str) -> None:
    """Two more tabs write and rotate meanwhile."""
    browser = small_world.browser(small_world.add_user())
    tabs = [
        changing(browser, stop),
        browser.begin("/write/", small_world.gap or "view") if stop == "view" else None,
        browser.begin("/rotate/", "view") if stop == "view" else None,
    ]
    browser.logout()
    for late in filter(None, tabs):
        late.finish()
    assert small_world.served(browser.history) == set()


@pytest.mark.parametrize("stop", ["view", "after"])
def test_without_the_package_session_stays_active(plain: World, stop: str) -> None:
    """Django alone loses this race on every engine."""
    browser = plain.browser(plain.add_user())
    late = changing(browser, stop)
    browser.logout()
    late.finish()
    assert plain.served(browser.history) == {browser.name}


@pytest.mark.parametrize("stop", STOPS)
def test_without_a_logout_the_user_stays_logged_in(small_world: World, stop: str) -> None:
    """A page that another tab asks for meanwhile, with a session that is older than the password,
    does not log this user out."""
    browser = small_world.browser(small_world.add_user())
    tab = Browser(small_world, dict(browser.cookies))
    late = changing(browser, stop)
    tab.get("/")
    assert late.finish().text == browser.name
    tab.get("/")
    assert browser.user() == browser.name


@pytest.mark.parametrize("stop", STOPS[:-1])
def test_logout_wins_after_a_page_with_the_old_password(small_world: World, stop: str) -> None:
    """Django has treated the session as anonymous on that page, and has deleted it."""
    browser = small_world.browser(small_world.add_user())
    late = changing(browser, stop)
    browser.get("/")
    browser.logout()
    late.finish()
    assert browser.user() == ""
    assert small_world.served(browser.history) == set()
