"""F09: ATOMIC_REQUESTS, and something fails after the logout in the same request."""

import pytest

from tests.races.processes import World


@pytest.mark.parametrize("which", ["django", "ours"])
def test_failure_after_the_logout_does_not_undo_it(world: World, which: str) -> None:
    """The page is an error, and the session has ended all the same."""
    world.atomic = True
    fails_and_ends(world, which)


@pytest.mark.parametrize("which", ["django", "ours"])
def test_failure_without_a_transaction_does_not_undo_the_logout(
    small_world: World, which: str
) -> None:
    """The same with views that are not in one."""
    fails_and_ends(small_world, which)


def fails_and_ends(world: World, which: str) -> None:
    """Log out by a view that fails afterwards."""
    browser = world.browser(world.add_user())
    answer = browser.post(f"/fail/{which}/")
    assert answer.status == 500
    assert world.served(browser.history) == set()
    assert browser.user() == ""


@pytest.mark.parametrize("which", ["django-quietly", "ours-quietly"])
def test_silent_rollback_does_not_undo_the_logout(world: World, which: str) -> None:
    """A view may ask for the rollback of its transaction, and answer as if nothing were."""
    world.atomic = True
    browser = world.browser(world.add_user())
    assert browser.post(f"/fail/{which}/").status == 302
    assert world.served(browser.history) == set()


def test_requests_before_the_rollback_do_not_restore_the_session(make_world) -> None:
    """They see, rightly, that the session is active; later requests do not."""
    world = make_world("postgres", "cache", atomic=True)
    browser = world.browser(world.add_user())
    other_tab = world.browser()
    other_tab.cookies.update(browser.cookies)
    logout = browser.begin("/fail/django/", "logged out")
    other_tab.get("/")
    logout.finish()
    assert world.served([*browser.history, *other_tab.history]) == set()


def test_ending_that_is_repeated_is_recorded_once(make_world) -> None:
    """The ending that was rolled back has left no record; the one that counts has."""
    world = make_world("sqlite", "db", atomic=True)
    name = world.add_user()
    world.browser(name).post("/fail/django/")
    found = world.do("count", model="django_logout.LogoutEvent", user__username=name)
    assert found == 1


def test_without_the_package_rollback_restores_the_session(make_world) -> None:
    """Django alone answers 500, and the session is alive."""
    world = make_world("sqlite", "db", atomic=True, plain=True)
    browser = world.browser(world.add_user())
    assert browser.post("/fail/django/").status == 500
    assert world.served(browser.history)
