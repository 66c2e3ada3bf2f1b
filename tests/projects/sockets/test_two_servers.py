"""F33 and F34 between two processes: sockets and streams on one end with the session that ends on
the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect, sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests import services
from tests.races.serving import Site, prepare, serving
from tests.waiting import PATIENCE

pytestmark = pytest.mark.needs("redis")

APPLICATION = "tests.projects.sockets.asgi:application"
PATHS = ("sync/", "async/", "json/", "async-json/", "raw/")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """Serve one site with uvicorn and with daphne."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.projects.sockets.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('site') / 'site.sqlite3'}",
        "CACHE_URL": services.URLS["redis"],
        "LAYER_URL": services.URLS["redis"],
        "LAYER_PREFIX": uuid4().hex,
    }
    prepare("ann", "bob", **environment)
    with (
        serving(APPLICATION, **environment) as one,
        serving(APPLICATION, "daphne", **environment) as other,
    ):
        yield one, other


@pytest.fixture
def opened(sites: tuple[Site, Site]) -> Iterator[Any]:
    """Open sockets, and close them after the test."""
    with ExitStack() as stack:

        def open_one(site: Site, cookie: str, path: str = "async/") -> ClientConnection:
            url = f"ws://127.0.0.1:{site.port}/{path}"
            socket = connect(
                url, additional_headers={"Cookie": cookie}, proxy=None, open_timeout=PATIENCE
            )
            return stack.enter_context(socket)

        yield open_one


def is_open(socket: ClientConnection) -> bool:
    """Return whether the server answers."""
    socket.send('"hello"')
    return "hello" in str(socket.recv(PATIENCE))


def closed(socket: ClientConnection) -> tuple[int, str]:
    """Return the code and the reason with which the server closes the socket."""
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(PATIENCE)
    frame = caught.value.rcvd
    assert frame is not None
    return frame.code, frame.reason


def do(site: Site, deed: str, cookie: str) -> None:
    """End something through the site."""
    response, body = site.ask("POST", f"/do/{deed}/", cookie)
    assert response.status == 200, body
    assert json.loads(body)["complete"] in {True, None}


def test_logout_closes_sockets_on_both_servers(sites: tuple[Site, Site], opened: Any) -> None:
    """F33: of every kind of consumer; those of another device and of another user stay open."""
    one, other = sites
    mine, device, theirs = one.login("ann"), one.login("ann"), one.login("bob")
    ending = [opened(site, mine, path) for site in sites for path in PATHS]
    staying = [opened(site, cookie) for site in sites for cookie in (device, theirs)]
    assert all(map(is_open, [*ending, *staying]))
    do(other, "here", mine)
    assert {closed(socket) for socket in ending[:5]} == {(4401, "user")}
    assert {closed(socket)[0] for socket in ending[5:]} == {4401}  # Daphne sends no reason.
    assert all(map(is_open, staying))
    assert closed(opened(one, mine)) == (4401, "user")


@pytest.mark.parametrize(
    ("deed", "reason", "stays"),
    [
        ("everywhere", "everywhere", {"theirs"}),
        ("others", "remote", {"mine", "theirs"}),
        ("password", "password_changed", {"mine", "theirs"}),
        ("admin", "admin", {"theirs"}),
        ("everyone", "cutoff", set()),
        ("disable", "disabled", {"theirs"}),
        ("delete", "deleted", {"theirs"}),
    ],
)
def test_other_endings_close_sockets(
    sites: tuple[Site, Site], opened: Any, deed: str, reason: str, stays: set[str]
) -> None:
    """F33: the sockets that the ending covers close with its reason; the others stay open."""
    one, other = sites
    name = f"{deed}-{uuid4().hex[:6]}"
    who = "ann" if deed == "admin" else name
    other.ask("POST", f"/new/{who}/")
    cookies = {"mine": one.login(who), "device": one.login(who), "theirs": one.login("bob")}
    sockets = {whose: opened(one, cookie) for whose, cookie in cookies.items()}
    assert all(map(is_open, sockets.values()))
    do(other, deed, cookies["mine"])
    for whose in sockets.keys() - stays:
        assert closed(sockets[whose]) == (4401, reason)
    for whose in stays:
        assert is_open(sockets[whose])
    for whose in sockets.keys() - stays:
        again = opened(one, cookies[whose])
        if deed == "delete":  # No row of the user is left.
            again.send("hello")
            assert again.recv(PATIENCE) == "AnonymousUser: hello"
        else:
            assert closed(again) == (4401, reason)


def read_stream(site: Site, path: str, cookie: str) -> tuple[HTTPConnection, Any]:
    """Return a stream that has begun."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    assert response.readline()
    return connection, response


@pytest.mark.parametrize("path", ["events", "polled"])
def test_logout_stops_streams(sites: tuple[Site, Site], path: str) -> None:
    """F34: on the other server too, with a last event where there is one."""
    one, other = sites
    mine, device = one.login("ann"), one.login("ann")
    connection, response = read_stream(one, f"/{path}/", mine)
    further, stays = read_stream(one, f"/{path}/", device)
    do(other, "here", mine)
    rest = response.read().decode()
    if path == "events":
        *_, name, _, data, _, _ = rest.split("\n")
        assert name == "event: ended"
        assert json.loads(data.removeprefix("data: "))["reason"] == "user"
    assert [stays.readline() for _ in range(4)]
    further.close()
    connection.close()


def test_events_view_sends_ending(sites: tuple[Site, Site]) -> None:
    """F34: the page's script hears at once, and a reconnection gets the event again."""
    one, other = sites
    mine = one.login("ann")
    connection, response = read_stream(one, "/accounts/session/events/", mine)
    assert response.headers["Content-Type"] == "text/event-stream"
    do(other, "here", mine)
    _, name, mark, data, *_ = response.read().decode().split("\n")
    assert (name, mark) == ("event: ended", "id: ended")
    assert json.loads(data.removeprefix("data: "))["reason"] == "user"
    connection.close()
    response, body = one.ask("GET", "/accounts/session/events/", mine)
    assert (response.status, "event: ended" in body) == (200, True)


@pytest.mark.needs("chromium")
def test_page_shows_ending_without_polling(sites: tuple[Site, Site]) -> None:
    """F34: the session ends elsewhere, and the page says so without a click."""
    one, other = sites
    mine = one.login("ann")
    name, _, value = mine.partition("=")
    with sync_playwright() as playwright:
        path = services.chromium()
        with playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]) as browser:
            origin = f"http://127.0.0.1:{one.port}"
            page = browser.new_page(base_url=origin)
            page.context.add_cookies([{"name": name, "value": value, "url": origin}])
            with page.expect_response("**/session/events/"):
                page.goto("/page/")
            do(other, "here", mine)
            ended = page.locator("dialog[data-name=ended]")
            expect(ended).to_be_visible(timeout=PATIENCE * 1000)
            expect(ended).to_contain_text("You logged out.")
