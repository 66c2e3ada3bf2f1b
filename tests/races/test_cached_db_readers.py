"""F06: cached_db, and a reader between the row and the cache while another process logs out."""

import pytest

from tests.races.processes import COOKIE, World

SITES = [
    ("sqlite", "cached_db"),
    ("sqlite", "cached_db-memcached"),
    ("postgres", "cached_db"),
    ("postgres", "qsessions"),
    ("mariadb", "cached_db-memcached"),
]


def late_fill(world: World, path: str = "/") -> tuple[set[str], bool]:
    """Log out while a reader has the row in its hand; is it served from the cache then?"""
    browser = world.browser(world.add_user())
    key = browser.cookies[COOKIE]
    assert world.do("cached", cookie=key, forget=True)
    late = browser.begin(path, "row read")
    browser.logout()
    late.finish()
    return world.served(browser.history), world.do("cached", cookie=key, forget=False)


@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_late_cache_fill_is_not_served(make_world, site: tuple[str, str]) -> None:
    """The cache holds a session that has no row any more, and it authenticates no request."""
    served, cached = late_fill(make_world(*site))
    assert cached
    assert served == set()


@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_late_reader_that_writes_does_not_restore_the_session(
    make_world, site: tuple[str, str]
) -> None:
    """A reader that goes on to write what it has read."""
    served, _ = late_fill(make_world(*site), "/write/")
    assert served == set()


def test_without_the_package_late_cache_fill_is_served(make_world) -> None:
    """Django alone serves it until it expires."""
    served, cached = late_fill(make_world("sqlite", "cached_db", plain=True))
    assert cached
    assert served
