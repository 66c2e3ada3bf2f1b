"""A session that has ended with the password, into which a process writes the new hash: only the
code that has changed the password continues it."""

from typing import Any

import pytest

from tests.races.processes import COOKIE, Worker, World

LOADED = pytest.mark.parametrize("loaded", [False, True], ids=["opened", "loaded"])
ROTATED = pytest.mark.parametrize("rotated", [False, True], ids=["kept key", "rotated"])


def two_processes(world: World) -> tuple[Worker, Worker]:
    """Return two processes that serve the site."""
    one = world.worker()
    one.tell("count", model="auth.User")
    two = world.worker()
    one.hear()
    assert one is not two
    return one, two


def refresh(world: World, changing: Worker, refreshing: Worker, loaded: bool, **how: Any) -> Any:
    """Change a password in one process, and write the new hash in another or the same.

    Returns everybody who is served with a cookie of the session, and the name of the user.
    """
    name = world.add_user()
    browser = world.browser(name)
    refreshing.do("open_session", cookie=browser.cookies[COOKIE], load=loaded)
    changing.do("change_password", name=name, password="new")
    cookie = refreshing.do("refresh_session", name=name, **how)
    return world.served([*browser.history, *filter(None, [cookie])]), name


@LOADED
@ROTATED
def test_another_process_continues_nothing(small_world: World, loaded: bool, rotated: bool) -> None:
    """It has not changed the password, whatever it writes."""
    changing, refreshing = two_processes(small_world)
    served, _ = refresh(small_world, changing, refreshing, loaded, rotate=rotated)
    assert served == set()


@LOADED
def test_process_that_has_changed_another_password_continues_nothing(
    small_world: World, loaded: bool
) -> None:
    """What it has ended is not this user's."""
    changing, refreshing = two_processes(small_world)
    other = small_world.browser(small_world.add_user())
    refreshing.do("change_password", name=other.name, password="new")
    served, _ = refresh(small_world, changing, refreshing, loaded, rotate=False)
    assert served == set()


@LOADED
def test_process_that_has_changed_the_password_continues_the_session(
    small_world: World, loaded: bool
) -> None:
    """The attacks above differ from this only in the process."""
    process, _ = two_processes(small_world)
    served, name = refresh(small_world, process, process, loaded, rotate=False)
    assert served == {name}
