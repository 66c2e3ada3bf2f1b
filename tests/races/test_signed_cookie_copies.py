"""F05: signed_cookies, whose sessions cannot be deleted: copies and earlier values of the cookie."""

import pytest

from tests.races.processes import Browser, World

SHARED = ["signed_cookies", "signed_cookies-unshared"]


@pytest.fixture(params=SHARED)
def site(request: pytest.FixtureRequest, make_world) -> World:
    """A site on signed cookies, with a shared cache and without."""
    world: World = make_world("sqlite", request.param)
    world.do("forget_cutoffs")
    return world


@pytest.fixture
def before(site: World, make_world, request: pytest.FixtureRequest) -> World:
    """The same site before the package was installed."""
    world: World = make_world("sqlite", request.node.callspec.params["site"], plain=True)
    world.settings = {**site.settings, "MIDDLEWARE": world.settings["MIDDLEWARE"]}
    return world


def test_every_value_that_the_cookie_ever_had_is_refused(site: World) -> None:
    """A copy of any of them, made at any time, is anonymous."""
    browser = site.browser(site.add_user())
    for _ in range(3):
        browser.get("/write/")
    browser.get("/rotate/")
    assert len(set(browser.history)) >= 3
    browser.logout()
    assert site.served(browser.history) == set()


def test_value_from_before_the_package_is_refused_after_logout(site: World, before: World) -> None:
    """Sessions that were alive at the installation are adopted, and then end like any other."""
    browser = old_browser(before, site)
    assert browser.user() != ""
    browser.logout()
    assert site.served(browser.history) == set()


def test_every_earlier_value_from_before_the_package_is_refused(site: World, before: World) -> None:
    """This includes values that were not presented since."""
    browser = old_browser(before, site, writes=3)
    browser.get("/write/")
    browser.logout()
    assert site.served(browser.history) == set()


def test_copy_of_an_earlier_value_in_use_is_refused(site: World, before: World) -> None:
    """A thief's copy, adopted under an id of its own, ends with the rest."""
    browser = old_browser(before, site, writes=3)
    thief = Browser(site, {"sessionid": browser.history[0]})
    thief.get("/write/")
    thief.get("/write/")
    browser.get("/write/")
    browser.logout()
    assert site.served([*browser.history, *thief.history]) == set()


def test_late_adoption_does_not_escape(site: World, before: World) -> None:
    """A request that stands just before the adoption of the session while it is ended."""
    browser = old_browser(before, site)
    late = browser.begin("/write/", "adopting")
    browser.logout()
    late.finish()
    assert site.served(browser.history) == set()


def test_user_can_log_in_again_after_the_refusal(site: World, before: World) -> None:
    """What refuses the old cookies does not refuse the user."""
    browser = old_browser(before, site)
    name = browser.user()
    browser.logout()
    browser.login(name)
    assert browser.user() == name
    assert site.served([browser.cookies["sessionid"]]) == {name}


def old_browser(before: World, now: World, writes: int = 0) -> Browser:
    """Return a browser that was logged in before the package was installed."""
    browser = before.browser(now.add_user())
    for _ in range(writes):
        browser.get("/write/")
    browser.world = now
    now.do("install_now")
    return browser
