"""``python -m bench.forged``: what 200 forged logout tokens a second do to a site.

A site of two processes, on SQLite or the database of ``DATABASE_URL``, and a provider that counts how often it is asked
for its keys. Logins are timed without the tokens, then beside them, and so are good notices. The times are reported; the
number of fetches is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

ROOT = Path(__file__).parents[1]
RATE = 200
"Forged tokens a second."
SENDERS = 4
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Provider(ThreadingHTTPServer):
    """The provider, which counts."""

    daemon_threads = True

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key, self.wrong = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.fetches = 0

    def token(self, key: Any = None, kid: str = "1", **meant: str) -> str:
        """Return a logout token."""
        import jwt

        now = int(time.time())
        claims = {"iss": self.url, "aud": "cars", "iat": now, "exp": now + 120, "jti": uuid4().hex}
        claims |= {"events": {EVENT: {}}, **meant}
        return jwt.encode(claims, key or self.key, "RS256", headers={"kid": kid})


class Handler(BaseHTTPRequestHandler):
    """What it publishes."""

    server: Provider

    def do_GET(self) -> None:
        """Return the keys, or where they are."""
        from jwt.algorithms import RSAAlgorithm

        found: dict[str, Any] = {"issuer": self.server.url, "jwks_uri": f"{self.server.url}/jwks"}
        if self.path == "/jwks":
            self.server.fetches += 1
            key = RSAAlgorithm.to_jwk(self.server.key.public_key(), as_dict=True)
            found = {"keys": [{**key, "kid": "1", "use": "sig"}]}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Site:
    """The site behind gunicorn."""

    def __init__(self, provider: Provider, folder: Path, stack: ExitStack) -> None:
        with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
            self.port = probe.server_port
        environ = {
            "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bench.forged_settings",
            "FORGED_ISSUER": provider.url,
        }
        setup = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(setup, cwd=ROOT, env=environ, check=True)
        command = [sys.executable, "-m", "gunicorn", "--workers=2", "--threads=4"]
        command += [f"--bind=127.0.0.1:{self.port}", "--log-level=critical"]
        app = "django.core.wsgi:get_wsgi_application()"
        quiet = subprocess.DEVNULL  # Django notes each 400.
        process = subprocess.Popen([*command, app], cwd=ROOT, env=environ, stderr=quiet)
        stack.callback(lambda: (process.terminate(), process.wait()))
        while self.answers() != 200:
            time.sleep(0.1)

    def answers(self) -> int:
        """Return the status of a page, ``0`` if there is none yet."""
        try:
            return self.send("GET", "/quiet/")[0]
        except OSError:
            return 0

    def send(self, method: str, path: str, **form: str) -> tuple[int, float]:
        """Send one request; return its status and how long it took, in milliseconds."""
        begun = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, urlencode(form) or None, FORM)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, (time.perf_counter() - begun) * 1000


def attack(site: Site, provider: Provider, over: Event, sent: list[int]) -> None:
    """Send a share of the forged tokens, until it is over."""
    # Made before, since to sign them costs the attacker more than it costs the site to refuse them.
    tokens = [provider.token(provider.wrong, uuid4().hex, sub="1") for _ in range(100)]
    due = time.perf_counter()
    while not over.is_set():
        forged = tokens[len(sent) % len(tokens)]
        sent.append(site.send("POST", "/backchannel/", logout_token=forged)[0])
        due += SENDERS / RATE
        time.sleep(max(0.0, due - time.perf_counter()))


def timed(seconds: float, request: Callable[[], tuple[int, float]]) -> list[float]:
    """Repeat a request for some time, and return how long each took."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        status, took = request()
        assert status == 200, status
        found.append(took)
    return found


def main() -> None:
    """Measure, and print a line for each result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of the attack")
    seconds = parser.parse_args().seconds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        provider = stack.enter_context(Provider())
        Thread(target=provider.serve_forever, daemon=True).start()
        stack.callback(provider.shutdown)
        site = Site(provider, folder, stack)

        def log_in() -> tuple[int, float]:
            return site.send("GET", f"/log-in/?sid={uuid4().hex}")

        def notice() -> tuple[int, float]:
            sid = uuid4().hex
            site.send("GET", f"/log-in/?sid={sid}")
            return site.send("POST", "/backchannel/", logout_token=provider.token(sid=sid))

        notice()  # The keys are fetched.
        alone = timed(seconds / 4, log_in)
        over, sent, begun = Event(), list[int](), time.monotonic()
        senders = [
            Thread(target=attack, args=(site, provider, over, sent), daemon=True)
            for _ in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        beside, notices = timed(seconds / 2, log_in), timed(seconds / 2, notice)
        took = time.monotonic() - begun
        over.set()
        for sender in senders:
            sender.join()
        assert set(sent) == {400}, set(sent)
        most = 2 + int(took // 30)  # One at the beginning, and one in each cool-down since.
        print(f"forged tokens:         {len(sent) / took:.0f} a second, each 400")
        print(f"logins, alone:         {median(alone):.1f} ms")
        print(
            f"logins, beside them:   {median(beside):.1f} ms, {median(beside) / median(alone):.2f} x"
        )
        print(f"good notices:          {median(notices):.1f} ms (median of {len(notices)})")
        print(f"fetches of the keys:   {provider.fetches} (at most {most})")
        assert provider.fetches <= most, provider.fetches


if __name__ == "__main__":
    main()
