"""F08: ATOMIC_REQUESTS, and requests that come while the transaction of the logout is open."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from tests.races.processes import World

SITES = [
    *(("postgres", setup) for setup in ("db", "cached_db", "cache", "file", "qsessions")),
    *(("mariadb", setup) for setup in ("db", "cached_db-memcached", "signed_cookies")),
]


def during_logout(world: World) -> set[str]:
    """Read, and read again, while the logout is not committed; who is served afterwards?"""
    browser = world.browser(world.add_user())
    other_tab = world.browser()
    other_tab.cookies.update(browser.cookies)
    logout = browser.begin("/plain-logout/", "logged out")
    for _ in range(3):
        reading = other_tab.send("/")
        # A reader that waits for the logout would never be answered, or with an error by MariaDB.
        assert reading.wait().finish().status == 200
    assert logout.finish().status == 302
    return world.served([*browser.history, *other_tab.history])


@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_read_before_the_commit_is_not_cached(make_world, site: tuple[str, str]) -> None:
    """What was true before the commit is remembered by no cache after it."""
    assert during_logout(make_world(*site, atomic=True)) == set()


@pytest.mark.parametrize("stop", ["generations taken", "standing read", "remembering"])
def test_read_that_is_cached_late_is_not_served(make_world, stop: str) -> None:
    """The gate has asked the row before the commit, and tells the cache after it."""
    world = make_world("postgres", "cache")
    browser = world.browser(world.add_user())
    assert world.do("evict", what="django_logout:seen:") == 1
    reader = browser.begin("/", stop)
    world.atomic = True
    logout = browser.begin("/plain-logout/", "logged out")
    logout.finish()
    reader.finish()
    assert world.served(browser.history) == set()


@pytest.mark.parametrize("path", ["/write/", "/rotate/"])
@pytest.mark.parametrize("site", SITES, ids="-".join)
def test_write_that_waits_for_the_commit_does_not_restore_the_session(
    make_world, site: tuple[str, str], path: str
) -> None:
    """The late request may have to wait for a row that the logout has locked."""
    world = make_world(*site, atomic=True)
    browser = world.browser(world.add_user())
    late = browser.begin(path, "view")
    logout = browser.begin("/plain-logout/", "logged out")
    late.go()
    logout.finish()
    late.wait().finish()
    assert world.served(browser.history) == set()


@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_old_snapshot_is_not_cached_for_others(make_world, database: str) -> None:
    """REPEATABLE READ: it still sees the row of before, which is good for itself alone."""
    world = make_world(database, "cache")
    browser = world.browser(world.add_user())
    with isolation(world, "REPEATABLE READ") if database == "mariadb" else nullcontext():
        assert world.do("evict", what="django_logout:seen:") == 1
        late = browser.begin("/snapshot/", "view")
        browser.logout()
        late.finish()
        assert world.served(browser.history) == set()


@contextmanager
def isolation(world: World, level: str) -> Iterator[None]:
    """For a while; then it is again as Django has it, for the tests that are served next."""
    statement = "SET SESSION TRANSACTION ISOLATION LEVEL {}".format
    for _ in world.pool.workers:
        world.do("sql", statement=statement(level))
    try:
        yield
    finally:
        for _ in world.pool.workers:
            world.do("sql", statement=statement("READ COMMITTED"))


def test_without_the_package_session_stays_active(make_world) -> None:
    """Django alone fills the cache again while the logout is not committed."""
    assert during_logout(make_world("postgres", "cached_db", atomic=True, plain=True))
