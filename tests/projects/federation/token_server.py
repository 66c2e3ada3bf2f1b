"""The endpoints of a provider that is asked whether a login still stands."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs

#: What it can answer: status, and body or a JSON object.
ANSWERS: dict[str, tuple[int, Any]] = {
    "stands": (200, {"access_token": "a", "sub": "1"}),
    "ended": (400, {"error": "invalid_grant"}),
    "ended by 401": (401, {"error": "invalid_grant"}),
    "wrong client": (401, {"error": "invalid_client"}),
    "this user may not": (400, {"error": "interaction_required"}),
    "this token may not": (403, {"error": "insufficient_scope"}),
    "down": (503, "down"),
    "junk": (200, "junk"),
    "list": (200, []),
    "deep": (200, "[" * 100_000),
    "another user": (200, {"access_token": 7, "sub": "2"}),
    "elsewhere": (302, ""),
}


class TokenServer(ThreadingHTTPServer):
    """The server. It gives out a new refresh token each time, and knows the newest only."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answer = "stands"
        self.asked: list[tuple[str, dict[str, str], str]] = []
        self.rotates = True
        #: While it is set, nothing is answered.
        self.silence = Event()
        self.broken = Event()

    @property
    def document(self) -> dict[str, Any]:
        """What it publishes."""
        ends = {"token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        return {name: f"{self.url}/{path}" for name, path in ends.items()}


class Handler(BaseHTTPRequestHandler):
    """The endpoints."""

    server: TokenServer

    def do_GET(self) -> None:
        """Give the user's data."""
        self.reply({})

    def do_POST(self) -> None:
        """Give new tokens."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.reply({name: values[0] for name, values in parse_qs(body).items()})

    def reply(self, form: dict[str, str]) -> None:
        """Answer as the test wants it."""
        server = self.server
        server.asked.append((self.path, form, self.headers.get("Authorization", "")))
        if server.silence.is_set():
            server.broken.wait(10)
            return
        status, said = ANSWERS[server.answer]
        if server.answer == "stands" and server.rotates:
            said = {**said, "refresh_token": f"r{len(server.asked) + 1}"}
        content = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[TokenServer]:
    """Serve until the block ends."""
    with TokenServer() as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.broken.set()
            server.shutdown()
