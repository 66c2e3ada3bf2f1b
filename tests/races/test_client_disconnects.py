"""F13: under ASGI a client that hangs up at once (click, then close the tab) stayed logged in.

Against a real uvicorn on PostgreSQL, with real sockets.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.races.serving import Site, serving

pytestmark = pytest.mark.needs("postgres")

VIEWS = ["/sync/", "/async/", "/accounts/logout/"]


@pytest.fixture(scope="module")
def wrapped(served_database: str) -> Iterator[Site]:
    """A site with ``finish_logouts`` around it."""
    with serving("tests.races.served:application", DATABASE_URL=served_database) as site:
        yield site


@pytest.fixture(scope="module")
def unwrapped(served_database: str) -> Iterator[Site]:
    """The same site without."""
    with serving("tests.races.served:unwrapped", DATABASE_URL=served_database) as site:
        yield site


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3])
def test_hanging_up_at_once_does_not_undo_the_click(
    wrapped: Site, path: str, milliseconds: int
) -> None:
    """Ten of ten have ended."""
    cookies = [wrapped.login("ann") for _ in range(10)]

    for cookie in cookies:
        wrapped.click_and_go(path, cookie, after=milliseconds / 1000)

    for cookie in cookies:
        wrapped.wait_until_over(cookie)


@pytest.mark.parametrize("path", VIEWS)
def test_disconnect_before_the_view_does_not_undo_the_click(wrapped: Site, path: str) -> None:
    """Some middleware awaits something; the client is gone before the view is reached."""
    cookie = wrapped.login("ann")

    wrapped.click_and_go(path, cookie, slow="way")

    wrapped.wait_until_over(cookie)


def test_without_the_wrapper_disconnect_cancels_the_logout(unwrapped: Site) -> None:
    """Without it, Django cancels the request on that way: nothing was asked of us."""
    cookie = unwrapped.login("ann")

    unwrapped.click_and_go("/async/", cookie, slow="way")
    unwrapped.click_and_go("/async/", other := unwrapped.login("ann"), slow="door")

    unwrapped.wait_until_over(other)
    assert unwrapped.logged_in_as(cookie) == "ann"


@pytest.mark.parametrize("path", ["/sync/", "/async/", "/leave/"])
@pytest.mark.parametrize("slow", ["door", "receiver"])
def test_once_the_door_is_reached_nothing_cancels_it(unwrapped: Site, path: str, slow: str) -> None:
    """Without the wrapper too, whatever is slow in it: three of three."""
    cookies = [unwrapped.login("ann") for _ in range(3)]

    for cookie in cookies:
        unwrapped.click_and_go(path, cookie, slow=slow)

    for cookie in cookies:
        unwrapped.wait_until_over(cookie)


def test_the_view_still_answers_those_who_stay(wrapped: Site, unwrapped: Any) -> None:
    """Of course."""
    for site in (wrapped, unwrapped):
        cookie = site.login("ann")
        response, _ = site.ask("POST", "/async/", cookie)

        assert (response.status, response.headers["Location"]) == (302, "/")
        assert site.logged_in_as(cookie) == ""
