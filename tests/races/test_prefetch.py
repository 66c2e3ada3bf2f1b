"""Processes that read a session together with what is remembered of it: another one ends it."""

from typing import Any

import pytest

from tests.races.processes import Browser, World
from tests.races.setups import SETUPS

#: Where a request has read both, and has not judged yet. It is only there that it stops, so each
#: of these tests would fail if the process did not know the session.
READ = "read at one go"


@pytest.fixture(params=[name for name in SETUPS if name.startswith("cache")])
def site(request: Any, make_world: Any) -> World:
    """Processes on PostgreSQL, with a cache that all of them share."""
    world: World = make_world("postgres", request.param)
    world.do("forget_cutoffs")
    return world


@pytest.fixture
def browser(site: World) -> Browser:
    """One whom every process knows."""
    name = site.add_user()
    browser = site.browser(name)
    for _ in range(2):
        assert site.served(browser.history) == {name}
    return browser


def end(browser: Browser, how: str) -> None:
    """From another process than any that stands still."""
    if how == "logout":
        assert browser.logout().status == 302
    else:
        name = None if how == "everyone" else browser.name
        browser.world.do("end", name=name, reason="admin", stops=[])


@pytest.mark.parametrize("how", ["logout", "user", "everyone"])
@pytest.mark.parametrize("path", ["/", "/write/", "/rotate/"])
def test_an_ending_after_both_were_read(browser: Browser, how: str, path: str) -> None:
    """Whatever the late request does, no process serves any cookie of that session again."""
    late = browser.begin(path, READ)
    end(browser, how)
    late.finish()
    assert browser.world.served(browser.history) == set()


@pytest.mark.parametrize("site", ["cached_db", "cached_db-memcached"], indirect=True)
@pytest.mark.parametrize("how", ["logout", "user", "everyone"])
def test_an_ending_before_the_late_fill(site: World, browser: Browser, how: str) -> None:
    """The marks were read without the session, whose copy was gone; its row, before the ending."""
    assert site.do("cached", cookie=browser.history[-1], forget=True)
    late = browser.begin("/", READ)
    late.go("row read")
    assert late.wait().where == "row read"
    end(browser, how)
    late.finish()
    assert site.served(browser.history) == set()
