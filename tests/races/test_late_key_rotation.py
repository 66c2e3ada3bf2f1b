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
def test_f02_a_late_rotation_does_not_bring_the_session_back(world: World, path: str) -> None:
    """A new key for an ended session opens nothing, on db neither."""
    assert late_rotation(world, path) == set()


@pytest.mark.parametrize("path", SWALLOWED)
def test_f02_nor_does_a_view_that_swallows_what_it_is_told(small_world: World, path: str) -> None:
    """UpdateError says that the session is gone; some go on with its data all the same."""
    assert late_rotation(small_world, path) == set()


@pytest.mark.parametrize("stop", ["rotated", "engine saved"])
def test_f02_nor_does_one_whose_new_row_is_written_already(world: World, stop: str) -> None:
    """The ending falls between the new row and the registry's hearing of it."""
    if world.engine == "signed_cookies" and stop == "rotated":
        pytest.skip("has no keys to follow")
    assert late_rotation(world, "/rotate/", stop) == set()


def test_f02_nor_does_one_that_is_complete_but_for_its_answer(world: World) -> None:
    """The registry knows the new key by then, and the ending reaches it."""
    assert late_rotation(world, "/rotate/", "after") == set()


def test_f02_nor_does_an_asynchronous_rotation(world: World) -> None:
    """The same under ASGI."""
    assert late_rotation(world, "/arotate/", asgi=True) == set()


@pytest.mark.parametrize("setup", ["db", "cached_db", "cache"])
@pytest.mark.parametrize("database", ["postgres", "mariadb"])
@pytest.mark.parametrize("path", [*ROTATIONS, *SWALLOWED])
def test_f02_nor_does_a_rotation_inside_a_transaction(
    make_world, database: str, setup: str, path: str
) -> None:
    """ATOMIC_REQUESTS: the transaction of the late request is older than the ending."""
    assert late_rotation(make_world(database, setup, atomic=True), path) == set()


def test_f02_nothing_is_left_in_the_session_table(make_world) -> None:
    """What was rotated too late is flushed, not only refused."""
    world = make_world("sqlite", "db")
    before = world.do("count", model="sessions.Session")
    late_rotation(world, "/rotate/")
    assert world.do("count", model="sessions.Session") == before


@pytest.mark.parametrize("path", ["/rotate/", "/recreate/"])
def test_f02_without_the_package_it_comes_back(plain: World, path: str) -> None:
    """Django alone loses this race on every engine, db included."""
    assert late_rotation(plain, path) != set()


def test_f02_a_copy_of_the_session_under_a_key_that_nobody_was_told_of_ends_too(
    world: World,
) -> None:
    """It has the same id, and so it is the same session."""
    browser = world.browser(world.add_user())
    browser.get("/clone/")
    assert browser.user() == browser.name
    browser.logout()
    assert world.served(browser.history) == set()
