"""Fetches: from where, how much, how long, and what is made of anything else."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import trustme

from django_logout.federation import fetch
from django_logout.federation.fetch import FetchFailed, fetch_json

BODIES: dict[str, Any] = {
    "/good": b'{"a": 1}',
    "/list": b"[1]",
    "/junk": b"junk",
    "/large": b'"' + b"x" * (fetch.MAX_BYTES + 10) + b'"',
    "/": b'{"root": true}',
}


class Handler(BaseHTTPRequestHandler):
    """What a provider may do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, redirect, or drip."""
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]
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
        try:
            self.wfile.write(body)
            for _ in range(0 if body else 1000):  # A byte now and then.
                self.wfile.write(b" ")
                self.wfile.flush()
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
        ("/large", "too large"),
        ("/elsewhere", "status 302"),
    ],
)
def test_anything_else_fails(server: Any, path: str, why: str) -> None:
    """A redirect is not followed."""
    with pytest.raises(FetchFailed, match=why):
        fetch_json(f"http://127.0.0.1:{server.server_port}{path}", trusted_network=True)


def test_an_answer_that_drips_is_cut_off(server: Any, monkeypatch: Any) -> None:
    """Each byte comes in time, and the whole does not."""
    monkeypatch.setattr(fetch, "SECONDS", 0.5)
    with pytest.raises(FetchFailed, match=r"took too long|could not be fetched"):
        fetch_json(f"http://127.0.0.1:{server.server_port}/drip", trusted_network=True)


def test_no_server() -> None:
    """A port that nobody listens on, a name without an address, a port that is none."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(FetchFailed, match="could not be fetched"):
            fetch_json(url, trusted_network=True)
    with pytest.raises(FetchFailed, match="no address"):
        fetch_json("https://nowhere.invalid/", trusted_network=True)
    with pytest.raises(FetchFailed, match="no valid port"):
        fetch_json("https://op.example:port/", trusted_network=True)


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
    ],
)
def test_private_addresses_are_not_connected_to(address: str, monkeypatch: Any) -> None:
    """Not even if one of several is private."""
    found = [(0, 0, 0, "", (host, 0)) for host in ("8.8.8.8", address)]
    monkeypatch.setattr(fetch.socket, "getaddrinfo", lambda *args, **kwargs: found)
    with pytest.raises(FetchFailed, match="private address"):
        fetch_json("https://op.example/", trusted_network=False)


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
