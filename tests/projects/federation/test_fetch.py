"""Fetches: from where, how much, how long, and what is made of anything else."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from threading import enumerate as all_threads
from typing import Any

import pytest
import trustme

from django_logout.federation import fetch
from django_logout.federation.fetch import FetchFailed, fetch_json
from tests.waiting import until

BODIES: dict[str, Any] = {
    "/good": b'{"a": 1}',
    "/list": b"[1]",
    "/junk": b"junk",
    "/large": b'"' + b"x" * (fetch.MAX_BYTES + 10) + b'"',
    "/deep": b"[" * 100_000,
    "/nan": b'{"a": NaN}',
    "/infinite": b'{"a": 1e400}',
    "/null": b'{"a": "\\u0000"}',
    "/half": b'{"a": "\\ud800"}',
    "/": b'{"root": true}',
}


class Handler(BaseHTTPRequestHandler):
    """What a provider may do."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with what was sent."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(429)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def do_GET(self) -> None:
        """Answer, redirect, or drip."""
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]
        if self.path == "/drip-header":
            self.drip(b"HTTP/1.1 200 OK\r\nX: ")
            return
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = BODIES.get(self.path.partition("?")[0], b"")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) or 1000))
        self.end_headers()
        if body:
            self.wfile.write(body)
        else:
            self.drip(b"")

    def drip(self, beginning: bytes) -> None:
        """Send a byte now and then."""
        try:
            self.wfile.write(beginning)
            for _ in range(1000):
                self.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(context: Any = None) -> Iterator[Any]:
    """Serve on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.hosts = []  # type: ignore[attr-defined]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server() -> Iterator[Any]:
    """A server without TLS."""
    with serving() as found:
        yield found


def test_a_json_object(server: Any) -> None:
    """With a query, and at the root."""
    base = f"http://127.0.0.1:{server.server_port}"
    assert fetch_json(f"{base}/good?x=1", trusted_network=True) == {"a": 1}
    assert fetch_json(base, trusted_network=True) == {"root": True}
    assert server.hosts == [f"127.0.0.1:{server.server_port}"] * 2


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/list", "not a JSON object"),
        ("/junk", "not JSON"),
        ("/deep", "not JSON"),
        # Python takes these for JSON, and databases do not.
        ("/nan", "not JSON"),
        ("/infinite", "not JSON"),
        ("/null", "not JSON"),
        ("/half", "not JSON"),
        ("/large", "too large"),
        ("/elsewhere", "status 302"),
    ],
)
def test_anything_else_fails(server: Any, path: str, why: str) -> None:
    """A redirect is not followed."""
    with pytest.raises(FetchFailed, match=why):
        fetch_json(f"http://127.0.0.1:{server.server_port}{path}", trusted_network=True)


@pytest.fixture
def hurry(monkeypatch: Any) -> Iterator[None]:
    """A fetch may take half a second. Then it is over, and so is its thread a moment later."""
    monkeypatch.setattr(fetch, "SECONDS", 0.5)
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 2
    until(lambda: not fetching(), "A thread goes on.")


def fetching() -> list[Thread]:
    """Return the threads that fetch."""
    return [thread for thread in all_threads() if thread.name == "django-logout-send"]


@pytest.mark.parametrize("path", ["/drip", "/drip-header"])
@pytest.mark.usefixtures("hurry")
def test_an_answer_that_drips_is_cut_off(server: Any, path: str) -> None:
    """Each byte comes in time, and the whole does not: neither the body nor the header."""
    with pytest.raises(FetchFailed, match="took too long"):
        fetch_json(f"http://127.0.0.1:{server.server_port}{path}", trusted_network=True)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("hurry")
def test_a_server_that_is_silent_is_left(scheme: str) -> None:
    """It takes the connection and says nothing, also where TLS should begin."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchFailed):
        fetch_json(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/", trusted_network=True)


def test_a_name_that_is_looked_up_for_ever(monkeypatch: Any, request: Any, server: Any) -> None:
    """The look-up cannot be cut short, so it is left alone. Nothing is sent after it."""
    answered = Event()
    find = socket.getaddrinfo

    def look_up(*args: Any, **kwargs: Any) -> Any:
        answered.wait()
        return find(*args, **kwargs)

    request.getfixturevalue("hurry")
    monkeypatch.setattr(fetch.socket, "getaddrinfo", look_up)
    with pytest.raises(FetchFailed, match="took too long"):
        fetch_json(f"http://127.0.0.1:{server.server_port}/good", trusted_network=True)
    answered.set()
    until(lambda: not fetching(), "The thread goes on.")
    assert server.hosts == []


def test_no_thread(monkeypatch: Any) -> None:
    """Where the system gives none, that is a failure like others."""

    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(fetch.Thread, "start", refuse)
    with pytest.raises(FetchFailed, match="RuntimeError"):
        fetch_json("https://op.example/", trusted_network=False)


def test_a_request_with_a_body(server: Any) -> None:
    """Any status is an answer, of which no more is read than is asked for."""
    url = f"http://127.0.0.1:{server.server_port}/"
    how: dict[str, Any] = {"trusted_network": True, "headers": {"Content-Type": "text/plain"}}
    assert fetch.send("POST", url, body=b"four", **how) == (429, b"four", True)
    assert fetch.send("POST", url, body=b"four", max_bytes=3, **how) == (429, b"fou", False)
    assert fetch.send("POST", url, body=b"four", max_bytes=4, **how) == (429, b"four", True)


@pytest.mark.parametrize("name", ["\r\nX: y", "\u20ac"])
def test_what_no_header_may_hold(server: Any, name: str) -> None:
    """A token with a line break adds no header: nothing is sent."""
    url, headers = f"http://127.0.0.1:{server.server_port}/", {"Authorization": f"Bearer {name}"}
    with pytest.raises(FetchFailed, match="could not be fetched"):
        fetch.send("GET", url, trusted_network=True, headers=headers)
    assert server.hosts == []


def test_no_server() -> None:
    """A port that nobody listens on, a name without an address, a port that is none."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(FetchFailed, match="could not be fetched"):
            fetch_json(url, trusted_network=True)
    with pytest.raises(FetchFailed, match="no address"):
        fetch_json("https://nowhere.invalid/", trusted_network=True)
    for url in ("https://op.example:port/", "https://[op.example/"):
        with pytest.raises(FetchFailed, match="no valid host or port"):
            fetch_json(url, trusted_network=True)
    with pytest.raises(FetchFailed, match="could not be fetched"):
        fetch_json("http://127.0.0.1/\u20ac", trusted_network=True)


@pytest.mark.parametrize("url", ["http://op.example/", "ftp://op.example/", "file:///etc/passwd"])
def test_plain_http_is_for_trusted_networks(url: str) -> None:
    """Nothing is resolved or connected to."""
    with pytest.raises(FetchFailed, match="not an HTTPS URL"):
        fetch_json(url, trusted_network=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "224.0.0.1",
        "0.0.0.0",
        # IPv6 that leads to IPv4, or within the site. Python takes all of it for public.
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::1",
        "::7f00:1",
        "fec0::1",
    ],
)
def test_private_addresses_are_not_connected_to(address: str, monkeypatch: Any) -> None:
    """Not even if one of several is private."""
    found = [(0, 0, 0, "", (host, 0)) for host in ("8.8.8.8", address)]
    monkeypatch.setattr(fetch.socket, "getaddrinfo", lambda *args, **kwargs: found)
    with pytest.raises(FetchFailed, match="private address"):
        fetch_json("https://op.example/", trusted_network=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    """A network without IPv4 reaches it by NAT64."""
    assert fetch._is_public(address)


def test_certificate_of_the_name_at_the_address_that_was_checked(monkeypatch: Any) -> None:
    """The connection is made to the address, and the certificate has to be the name's."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("op.example").configure_cert(context)
    with serving(context) as server, authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        monkeypatch.setattr(fetch, "_resolve", lambda host, trusted: "127.0.0.1")
        url = f"https://op.example:{server.server_port}/good"
        assert fetch_json(url, trusted_network=False) == {"a": 1}
        with pytest.raises(FetchFailed):
            fetch_json(url.replace("op.example", "other.example"), trusted_network=False)
