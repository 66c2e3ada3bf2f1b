"""F10: a middleware that puts back after the logout what was in the session before it."""

from typing import Any

import pytest

from tests.races.processes import World

RECIPES = ["restore_everything", "restore_all_but_the_login"]
OURS = "django_logout.middleware.LogoutMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


def install(world: World, recipe: str, beside: str, *, after: bool) -> None:
    """Put the middleware next to another: after it is inside, before it is outside."""
    chain = world.settings["MIDDLEWARE"]
    chain.insert(chain.index(beside) + after, f"tests.races.middleware.{recipe}")


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_restored_session_logs_no_user_in(small_world: World, inside: bool) -> None:
    """Told "logged out", and logged out: on either side of our middleware."""
    install(small_world, "restore_everything", OURS, after=inside)
    assert_logs_out(small_world, "/logout/")


@pytest.mark.parametrize("path", ["/logout/", "/plain-logout/"])
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_restored_parts_of_the_session_log_no_user_in(
    make_world: Any, recipe: str, inside: bool, path: str
) -> None:
    """All but the login; and after Django's own logout."""
    world = make_world("sqlite", "db")
    install(world, recipe, OURS, after=inside)
    assert_logs_out(world, path)


def assert_logs_out(world: World, path: str) -> None:
    """Log out with something in the session, and look who is served."""
    browser = world.browser(world.add_user())
    browser.get("/guest/?cart=full")
    browser.logout(path)
    assert browser.user() == ""
    assert world.served(browser.history) == set()


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_restored_session_does_not_prevent_the_next_login(
    small_world: World, recipe: str, inside: bool
) -> None:
    """An ended session's id that comes along with the cart must not spoil the next login."""
    install(small_world, recipe, OURS, after=inside)
    name = small_world.add_user()
    browser = small_world.browser(name)
    browser.get("/guest/?cart=full")
    browser.logout()
    browser.login(name)
    assert browser.user() == name


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_session_that_ended_elsewhere_is_not_restored(
    small_world: World, recipe: str, inside: bool
) -> None:
    """The snapshot is taken, the session ends in another process, the snapshot is put back."""
    install(small_world, recipe, OURS, after=inside)
    name = small_world.add_user()
    browser = small_world.browser(name)
    late = browser.begin("/hold/", "view")
    small_world.do("end", name=name, reason="admin", stops=[])
    late.finish()
    assert small_world.served(browser.history) == set()


def test_without_the_package_user_stays_logged_in(plain: World) -> None:
    """Django alone says "logged out" and is not."""
    install(plain, "restore_everything", AUTHENTICATION, after=True)
    browser = plain.browser(plain.add_user())
    browser.logout()
    assert plain.served(browser.history)
