"""F33 and F34 between two processes: what is open on one ends with the session that ends on the
other."""

from __future__ import annotations

import json
import sys
import time
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
from tests.faults.serving import Site, prepare, serving
from tests.waiting import PATIENCE

pytestmark = pytest.mark.needs("redis")

APPLICATION = "tests.projects.sockets.asgi:application"
PATHS = ("sync/", "async/", "json/", "async-json/", "raw/")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """One site, served by uvicorn and by daphne."""
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
    """Opens sockets, and closes them."""
    with ExitStack() as stack:

        def open_one(site: Site, cookie: str, path: str = "async/") -> ClientConnection:
            url = f"ws://127.0.0.1:{site.port}/{path}"
            socket = connect(
                url, additional_headers={"Cookie": cookie}, proxy=None, open_timeout=PATIENCE
            )
            return stack.enter_context(socket)

        yield open_one


def is_open(socket: ClientConnection) -> bool:
    """Whether what is said is answered."""
    socket.send('"hello"')
    return "hello" in str(socket.recv(PATIENCE))


def closed(socket: ClientConnection) -> tuple[int, str]:
    """With which code and reason it is closed, soon."""
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(PATIENCE)
    frame = caught.value.rcvd
    assert frame is not None
    return frame.code, frame.reason


def do(site: Site, deed: str, cookie: str) -> None:
    """End something."""
    response, body = site.ask("POST", f"/do/{deed}/", cookie)
    assert response.status == 200, body
    assert json.loads(body)["complete"] in {True, None}


def took(what: str, begun: float) -> None:
    """Whoever runs this with ``-s`` is told how soon."""
    sys.stderr.write(f"{what}: after {time.monotonic() - begun:.3f} s\n")


def test_f33_logging_out_here(sites: tuple[Site, Site], opened: Any) -> None:
    """Of every kind of consumer, on both processes; another device's and another user's stay."""
    one, other = sites
    mine, device, theirs = one.login("ann"), one.login("ann"), one.login("bob")
    ending = [opened(site, mine, path) for site in sites for path in PATHS]
    staying = [opened(site, cookie) for site in sites for cookie in (device, theirs)]
    assert all(map(is_open, [*ending, *staying]))
    do(other, "here", mine)
    begun = time.monotonic()
    assert {closed(socket) for socket in ending[:5]} == {(4401, "user")}
    assert {closed(socket)[0] for socket in ending[5:]} == {4401}  # daphne sends no reasons
    took("ten sockets closed", begun)
    assert all(map(is_open, staying))
    assert closed(opened(one, mine)) == (4401, "user")


@pytest.mark.parametrize(
    ("deed", "reason", "stays"),
    [
        ("everywhere", "user", {"theirs"}),
        ("others", "user", {"mine", "theirs"}),
        ("password", "password_changed", {"mine", "theirs"}),
        ("admin", "admin", {"theirs"}),
        ("everyone", "user", set()),
        ("disable", "disabled", {"theirs"}),
        ("delete", "deleted", {"theirs"}),
    ],
)
def test_f33_what_else_ends(
    sites: tuple[Site, Site], opened: Any, deed: str, reason: str, stays: set[str]
) -> None:
    """Those that it reaches close, for its reason; the others stay."""
    one, other = sites
    name = f"{deed}-{uuid4().hex[:6]}"
    who = "ann" if deed == "admin" else name
    other.ask("POST", f"/new/{who}/")
    cookies = {"mine": one.login(who), "device": one.login(who), "theirs": one.login("bob")}
    sockets = {whose: opened(one, cookie) for whose, cookie in cookies.items()}
    assert all(map(is_open, sockets.values()))
    do(other, deed, cookies["mine"])
    begun = time.monotonic()
    for whose in sockets.keys() - stays:
        assert closed(sockets[whose]) == (4401, reason)
    took(f"closed by {deed}", begun)
    for whose in stays:
        assert is_open(sockets[whose])
    for whose in sockets.keys() - stays:
        again = opened(one, cookies[whose])
        if deed == "delete":  # of whom nothing is known any more
            again.send("hello")
            assert again.recv(PATIENCE) == "AnonymousUser: hello"
        else:
            why = "cutoff" if deed == "everyone" else reason  # no row says more
            assert closed(again) == (4401, why)


def read_stream(site: Site, path: str, cookie: str) -> tuple[HTTPConnection, Any]:
    """A stream that has begun."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    assert response.readline()
    return connection, response


@pytest.mark.parametrize("path", ["events", "polled"])
def test_f34_streams(sites: tuple[Site, Site], path: str) -> None:
    """They stop; with a last word, where there is to be one."""
    one, other = sites
    mine, device = one.login("ann"), one.login("ann")
    connection, response = read_stream(one, f"/{path}/", mine)
    further, stays = read_stream(one, f"/{path}/", device)
    do(other, "here", mine)
    begun = time.monotonic()
    rest = response.read().decode()
    took(f"{path} stopped", begun)
    if path == "events":
        *_, name, _, data, _, _ = rest.split("\n")
        assert name == "event: ended"
        assert json.loads(data.removeprefix("data: "))["reason"] == "user"
    assert [stays.readline() for _ in range(4)]
    further.close()
    connection.close()


def test_f34_events_of_ours(sites: tuple[Site, Site]) -> None:
    """The script of a page hears at once; and if it comes back, that there is no more to hear."""
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
def test_f34_a_page_in_a_browser_is_told(sites: tuple[Site, Site]) -> None:
    """The session ends elsewhere: the page says so, without a click and without polling."""
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
            begun = time.monotonic()
            ended = page.locator("dialog[data-name=ended]")
            expect(ended).to_be_visible(timeout=PATIENCE * 1000)
            took("said in a browser", begun)
            expect(ended).to_contain_text("You logged out.")
