"""F02: a request that was in flight at logout gives the session a new key afterwards."""

import pytest

from tests.races.processes import World

ROTATIONS = ["/rotate/", "/password/"]
SWALLOWED = ["/recreate/", "/resave/", "/clone/"]


def late_rotation(world: World, path: str, stop: str = "view", **how: object) -> set[str]:
    """Log out while a request that rotates the key stands at a point; who is served then?"""
    browser = world.browser(world.add_user())
    late = browser.begin(path, stop, method="POST", data={"password": "new"}, **how)
    browser.logout()
    assert late.finish().errors == []
    return world.served(browser.history)


@pytest.mark.parametrize("path", ROTATIONS)
def test_late_rotation_does_not_restore_the_session(world: World, path: str) -> None:
    """A new key for an ended session opens nothing, on db neither."""
    assert late_rotation(world, path) == set()


@pytest.mark.parametrize("path", SWALLOWED)
def test_view_that_ignores_the_error_does_not_restore_the_session(
    small_world: World, path: str
) -> None:
    """UpdateError says that the session is gone; some go on with its data all the same."""
    assert late_rotation(small_world, path) == set()


@pytest.mark.parametrize("stop", ["rotated", "engine saved"])
def test_rotation_with_its_row_written_does_not_restore_the_session(
    world: World, stop: str
) -> None:
    """The ending falls between the new row and the registry's hearing of it."""
    if world.engine == "signed_cookies" and stop == "rotated":
        pytest.skip("has no keys to follow")
    assert late_rotation(world, "/rotate/", stop) == set()


def test_completed_rotation_does_not_restore_the_session(world: World) -> None:
    """The registry knows the new key by then, and the ending reaches it."""
    assert late_rotation(world, "/rotate/", "after") == set()


def test_async_rotation_does_not_restore_the_session(world: World) -> None:
    """The same under ASGI."""
    assert late_rotation(world, "/arotate/", asgi=True) == set()


@pytest.mark.parametrize("setup", ["db", "cached_db", "cache"])
@pytest.mark.parametrize("database", ["postgres", "mariadb"])
@pytest.mark.parametrize("path", [*ROTATIONS, *SWALLOWED])
def test_rotation_in_a_transaction_does_not_restore_the_session(
    make_world, database: str, setup: str, path: str
) -> None:
    """ATOMIC_REQUESTS: the transaction of the late request is older than the ending."""
    assert late_rotation(make_world(database, setup, atomic=True), path) == set()


@pytest.mark.parametrize("setup", ["db", "cached_db"])
@pytest.mark.parametrize("database", ["postgres", "mariadb"])
@pytest.mark.parametrize("path", ROTATIONS)
def test_rotation_that_the_ending_waits_for_does_not_restore_the_session(
    make_world, database: str, setup: str, path: str
) -> None:
    """Its row and its data are committed together, after the statement of the ending has begun.

    The statement sees the new row then, but not the new data.
    """
    world = make_world(database, setup, atomic=True)
    before = world.do("count", model="sessions.Session")
    browser = world.browser(world.add_user())
    late = browser.begin(path, "after", method="POST", data={"password": "new"})
    logout = browser.send("/logout/", method="POST")
    assert not logout.worker.pipe.poll(0.5), "it should wait for the row"

    assert late.finish().errors == []
    assert logout.wait().finish().status == 302

    assert world.served(browser.history) == set()
    assert world.do("count", model="sessions.Session") == before


def test_late_rotation_leaves_no_row_in_the_session_table(make_world) -> None:
    """What was rotated too late is flushed, not only refused."""
    world = make_world("sqlite", "db")
    before = world.do("count", model="sessions.Session")
    late_rotation(world, "/rotate/")
    assert world.do("count", model="sessions.Session") == before


@pytest.mark.parametrize("path", ["/rotate/", "/recreate/"])
def test_without_the_package_late_rotation_restores_the_session(plain: World, path: str) -> None:
    """Django alone loses this race on every engine, db included."""
    assert late_rotation(plain, path) != set()


def test_copy_under_an_unannounced_key_ends(
    world: World,
) -> None:
    """It has the same id, and so it is the same session."""
    browser = world.browser(world.add_user())
    browser.get("/clone/")
    assert browser.user() == browser.name
    browser.logout()
    assert world.served(browser.history) == set()
