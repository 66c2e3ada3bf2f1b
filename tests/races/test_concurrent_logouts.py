"""F26: a request that lost a race with another logout got a 400 page, "session was deleted before the
request completed". And fifty at once, and a logout that races a login."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import services
from tests.races.processes import COOKIE, Browser, World
from tests.races.serving import Site, serving

CLICKS = 50

leaving = pytest.mark.parametrize("path", ["/logout/", "/plain-logout/"])


def tab_of(browser: Browser) -> Browser:
    """Another tab: the same cookies, as they are now."""
    return Browser(browser.world, {**browser.cookies}, browser.history)


@leaving
def test_logout_that_loses_the_race_succeeds(world: World, path: str) -> None:
    """Both tabs are told that they are logged out; it was one ending, with one event."""
    name = world.add_user()
    browser = world.browser(name)
    slow = browser.begin(path, "selected", method="POST")

    assert tab_of(browser).logout().status == 302
    answer = slow.finish()

    assert (answer.status, answer.url) == (302, "/")
    assert browser.cookies.get(COOKIE) is None
    assert world.served(browser.history) == set()
    assert world.do("count", model="django_logout.LogoutEvent", user_label=name) == 1


def test_other_request_that_loses_the_race_says_why(world: World) -> None:
    """The answer for a session that has ended, for people and for programs."""
    browser = world.browser(world.add_user())
    page = browser.begin("/write/?a=1", "view")
    fetch = browser.begin("/write/", "view", headers={"Accept": "application/json"})

    tab_of(browser).logout()

    assert page.finish().url == "/login/?next=/write/%3Fa%3D1"
    answer = fetch.finish()
    assert (answer.status, json.loads(answer.text)["reason"]) == (401, "user")
    assert COOKIE not in answer.cookies


@pytest.mark.needs("postgres")
@leaving
def test_row_is_claimed_once(make_world: Any, path: str) -> None:
    """Both have begun their transactions: the second finds nothing left to end."""
    world = make_world("postgres", "db")
    name = world.add_user()
    browser = world.browser(name)
    slow = browser.begin(path, "ending", method="POST")

    assert tab_of(browser).logout().status == 302
    assert slow.finish().status == 302

    assert world.do("count", model="django_logout.LogoutEvent", user_label=name) == 1


def test_without_the_package_losing_the_race_is_a_400(make_world: Any) -> None:
    """Django answers with a technical error page."""
    world = make_world("sqlite", "db", plain=True)
    browser = world.browser(world.add_user())
    late = browser.begin("/write/", "view")

    tab_of(browser).logout()

    assert late.finish().status == 400


def test_login_during_a_logout_is_not_joined_to_it(world: World) -> None:
    """While Ann's logout is under way, Bob logs in in the same browser: Ann is nowhere served
    afterwards, and nothing of hers is in Bob's session."""
    log_in_meanwhile(world, "/logout/", "selected")


@leaving
@pytest.mark.parametrize(("stop", "stored_in"), [("selected", "db"), ("closed", "cached_db")])
def test_login_at_any_step_of_a_logout_is_not_joined_to_it(
    make_world: Any, path: str, stop: str, stored_in: str
) -> None:
    """This includes a logout by Django's own view."""
    log_in_meanwhile(make_world("sqlite", stored_in), path, stop)


def log_in_meanwhile(world: World, path: str, stop: str) -> None:
    """Log in in another tab while a logout stands at a point, and look who is served."""
    ann, bob = world.add_user(), world.add_user()
    browser = world.browser(ann)
    browser.get("/guest/?cart=hers")
    slow = browser.begin(path, stop, method="POST")

    other = tab_of(browser)
    other.login(bob)
    slow.finish()

    assert world.served(browser.history) <= {bob}
    assert other.user() == bob


def test_logout_during_a_login_is_not_joined_to_it(world: World) -> None:
    """The other way round: Bob's login has written his session, and Ann's logout comes."""
    ann, bob = world.add_user(), world.add_user()
    browser = world.browser(ann)
    data = {"username": bob, "password": bob}
    login = browser.begin("/login/", "engine saved", method="POST", data=data)

    assert tab_of(browser).logout().status == 302
    assert login.finish().status == 302

    assert world.served(browser.history) <= {bob}


def test_relogin_during_a_logout_restores_no_session(world: World) -> None:
    """Django keeps the session at such a login; it has ended, so the login has to be repeated."""
    ann = world.add_user()
    browser = world.browser(ann)
    data = {"username": ann, "password": ann}
    login = browser.begin("/login/", "engine saved", method="POST", data=data)

    assert tab_of(browser).logout().status == 302
    assert login.finish().status == 302

    assert world.served(browser.history) == set()


@pytest.fixture(scope="module", params=["db", "cache"])
def site(request: Any, served_database: str) -> Iterator[Site]:
    """A real server, on an engine."""
    environment = {"DATABASE_URL": served_database, "SESSION_ENGINE": request.param}
    environment["CACHE_URL"] = services.URLS["redis"]
    with serving("tests.races.served:application", **environment) as served:
        yield served


@pytest.fixture
def alone(served_database: str) -> Iterator[None]:
    """One process at a time: each click needs a connection of its own, and PostgreSQL gives 100."""
    with psycopg.connect(services.URLS["postgres"]) as connection:
        connection.execute("SELECT pg_advisory_lock(26)")
        yield


@pytest.mark.needs("postgres", "redis")
@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("path", ["/sync/", "/async/"])
def test_fifty_logouts_at_once_are_one_ending(served_database: str, site: Site, path: str) -> None:
    """One event, one session ended, and fifty calm answers; against a real server."""
    start = Barrier(CLICKS)
    cookie = site.login("ann")
    before = rows(served_database)

    def click(_: int) -> int:
        start.wait()
        return site.ask("POST", path, cookie)[0].status

    with ThreadPoolExecutor(CLICKS) as pool:
        answers = set(pool.map(click, range(CLICKS)))

    assert answers == {302}
    assert site.logged_in_as(cookie) == ""
    assert rows(served_database) == [*before, (1,)]


def rows(url: str) -> list[Any]:
    """How many sessions each event of a database has ended, in order."""
    parts = urlsplit(url)
    login: Any = {"host": parts.hostname, "port": parts.port, "user": parts.username}
    asked = "SELECT sessions FROM django_logout_logoutevent ORDER BY created_at"
    with psycopg.connect(**login, dbname=parts.path[1:]) as connection:
        return connection.execute(asked).fetchall()
