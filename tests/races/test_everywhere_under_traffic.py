"""F07: everything of a user is ended while requests of his are in flight."""

import pytest

from tests.races.processes import Browser, World

POSTGRES = ("db", "cached_db", "cache", "file", "signed_cookies")
MARIADB = ("db", "cached_db-memcached", "signed_cookies-unshared")
#: Where the door's transaction is open, and others can write: MariaDB lets nobody log in, nor
#: touch the rows, from the moment on when the ending has written its own.
OPEN_DOORS = [
    *((("postgres", setup), where) for setup in POSTGRES for where in ("ending", "recorded")),
    *((("mariadb", setup), "ending") for setup in MARIADB),
]


@pytest.fixture(autouse=True)
def no_cutoffs(request: pytest.FixtureRequest) -> None:
    """Cut-offs of one test would refuse the old sessions of the next."""
    if "world" in request.fixturenames:
        request.getfixturevalue("world").do("forget_cutoffs")


@pytest.mark.parametrize("everyone", [False, True])
def test_everywhere_ends_sessions_under_traffic(world: World, everyone: bool) -> None:
    """Writes and rotations that were in flight bring nothing back, and no new sessions."""
    name = world.add_user()
    browsers = [world.browser(name) for _ in range(3)]
    late = [
        browsers[0].begin("/write/", world.gap or "view"),
        browsers[1].begin("/rotate/", "view"),
    ]
    world.do("end", name=None if everyone else name, reason="admin", stops=[])
    for each in late:
        each.finish()
    assert world.served(cookie for each in browsers for cookie in each.history) == set()


def test_user_can_log_in_again_after_everywhere(world: World) -> None:
    """What has ended is the sessions, not the account."""
    name = world.add_user()
    world.browser(name)
    world.do("end", name=name, reason="admin", stops=[])
    assert world.browser(name).user() == name


@pytest.mark.parametrize("stop", ["view", "adopting", "adopted"])
def test_sessions_from_before_the_package_end(world: World, make_world, stop: str) -> None:
    """They were not registered; a request that is just about to adopt one is too late."""
    browser = old_browser(world, make_world)
    late = browser.begin("/write/", stop)
    world.do("end", name=browser.name, reason="admin", stops=[])
    late.finish()
    assert world.served(browser.history) == set()


@pytest.mark.parametrize(("site", "where"), OPEN_DOORS)
def test_session_adopted_during_the_ending_ends(
    make_world, site: tuple[str, str], where: str
) -> None:
    """It is neither among the sessions that the door has claimed, nor does it see the ending."""
    world = make_world(*site)
    world.do("forget_cutoffs")
    browser = old_browser(world, make_world)
    late = browser.begin("/write/", "adopting")
    door = world.begin("end", where, name=browser.name, reason="admin")
    late.finish()
    browser.get("/")  # and the cache is told that it is alive
    door.finish()
    assert world.served(browser.history) == set()


@pytest.mark.parametrize(("site", "where"), OPEN_DOORS)
def test_login_written_during_the_ending_ends(
    make_world, site: tuple[str, str], where: str
) -> None:
    """What began before "everywhere, now" is not served after it."""
    world = make_world(*site)
    name = world.add_user()
    world.browser(name)
    browser = Browser(world)
    form = {"username": name, "password": name}
    late = browser.begin("/login/", "login's row", method="POST", data=form)
    door = world.begin("end", where, name=name, reason="admin")
    late.finish()
    browser.get("/")
    door.finish()
    assert world.served(browser.history) == set()


@pytest.mark.parametrize("setup", POSTGRES)
@pytest.mark.parametrize("everyone", [False, True])
def test_login_committed_after_the_ending_ends(make_world, setup: str, everyone: bool) -> None:
    """ATOMIC_REQUESTS: it was begun before, and the door could see nothing of it."""
    world = make_world("postgres", setup)
    world.do("forget_cutoffs")
    world.atomic = True
    name = world.add_user()
    world.browser(name)
    browser = Browser(world)
    form = {"username": name, "password": name}
    late = browser.begin("/login/", "login's row written", method="POST", data=form)
    world.do("end", name=None if everyone else name, reason="admin", stops=[])
    late.finish()
    assert world.served(browser.history) == set()


def old_browser(world: World, make_world) -> Browser:
    """Return a browser that was logged in before the package was installed."""
    name = world.add_user()
    database = world.pool.environment["DATABASE_URL"].partition(":")[0].replace("mysql", "mariadb")
    setup = "qsessions" if world.engine.startswith("qsessions") else "db"
    before = make_world(database, setup, plain=True)
    before.settings = {**world.settings, "MIDDLEWARE": before.settings["MIDDLEWARE"]}
    browser = before.browser(name)
    browser.world, browser.name = world, name
    world.do("install_now")
    return browser
