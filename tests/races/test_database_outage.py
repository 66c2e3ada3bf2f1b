"""F11's sister: the database is down at logout, or goes away in the middle. Against a real server
on PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import services
from tests.outages import outage
from tests.races.serving import Site, serving

pytestmark = pytest.mark.needs("postgres", "redis")

PATHS = ["/sync/", "/async/", "/leave/"]


@pytest.fixture(scope="module", params=["db", "cached_db", "cache", "signed_cookies"])
def site(request: Any, served_database: str) -> Iterator[Site]:
    """The site on an engine."""
    environment = {"DATABASE_URL": served_database, "SESSION_ENGINE": request.param}
    environment["CACHE_URL"] = services.URLS["redis"]
    with serving("tests.races.served:application", **environment) as served:
        yield served


def is_the_truth(response: Any, body: str) -> bool:
    """503, what that means, and no cookie touched."""
    return (
        response.status == 503
        and "You may still be logged in" in body
        and "sessionid" not in str(response.headers.get_all("Set-Cookie"))
    )


@pytest.mark.parametrize("path", PATHS)
def test_a_database_that_is_down_is_503_and_a_second_chance(
    served_database: str, site: Site, path: str
) -> None:
    """Nothing has ended, and nothing is said to have; when it is back, the button works."""
    cookie = site.login("ann")

    with outage(served_database):
        assert is_the_truth(*site.ask("POST", path, cookie))

    assert site.logged_in_as(cookie) == "ann"
    assert site.ask("POST", path, cookie)[0].status in {200, 302}
    assert site.logged_in_as(cookie) == ""


@pytest.mark.parametrize("path", PATHS)
def test_database_that_fails_during_the_logout_is_503_and_a_second_chance(
    site: Site, path: str
) -> None:
    """The sessions were claimed, and nothing was committed: they are alive, and that is said."""
    cookie = site.login("ann")

    assert is_the_truth(*site.ask("POST", path, cookie, slow="no database"))

    assert site.logged_in_as(cookie) == "ann"
    assert site.ask("POST", path, cookie)[0].status in {200, 302}
    assert site.logged_in_as(cookie) == ""


def test_page_that_needs_the_user_is_503_during_the_outage(
    served_database: str, site: Site
) -> None:
    """A page that needs the user is not served, and the cookie stays."""
    cookie = site.login("ann")

    with outage(served_database):
        response, _ = site.ask("GET", "/", cookie)

    assert response.status in {500, 503}
    assert "sessionid" not in str(response.headers.get_all("Set-Cookie"))
    assert site.logged_in_as(cookie) == "ann"
