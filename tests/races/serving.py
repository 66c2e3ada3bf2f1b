"""A real ASGI server on a free port, and a client that can hang up on it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from tests.races.own_redis import free_port
from tests.waiting import PATIENCE, until, until_served


class Site:
    """A site that is being served."""

    def __init__(self, port: int, slow_now: Path) -> None:
        self.port, self.slow_now = port, slow_now

    def ask(
        self, method: str, path: str, cookie: str = "", *, slow: str = "", **form: str
    ) -> tuple[HTTPResponse, str]:
        """One request on a connection of its own; gives the response and its body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Slow": slow}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form), headers)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response, body

    def login(self, name: str) -> str:
        """Log in by the form; gives the session cookie."""
        response, page = self.ask("GET", "/login/")
        token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)
        assert token, page
        csrf = str(response.headers["Set-Cookie"]).partition(";")[0]
        form = {"username": name, "password": name, "csrfmiddlewaretoken": token[1]}
        response, _ = self.ask("POST", "/login/", csrf, **form)
        cookies = response.headers.get_all("Set-Cookie") or []
        return next(c.partition(";")[0] for c in cookies if c.startswith("sessionid="))

    def logged_in_as(self, cookie: str) -> str:
        """Whom a cookie is served as."""
        return self.ask("GET", "/", cookie)[1].removeprefix("user=")

    def click_and_go(self, path: str, cookie: str, *, after: float = 0, slow: str = "") -> None:
        """Send a whole request to log out, and hang up without waiting for the answer: so many
        seconds later, or as soon as it has reached the step in which it is to be slow."""
        self.slow_now.unlink(missing_ok=True)
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Length: 0"]
        lines += [f"Cookie: {cookie}", "Sec-Fetch-Site: same-origin", f"Slow: {slow}", "", ""]
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall("\r\n".join(lines).encode())
            time.sleep(after)
            if slow:
                until(self.slow_now.exists, "the request does not get there")

    def wait_until_over(self, cookie: str) -> None:
        """Wait until a session has ended."""
        until(lambda: not self.logged_in_as(cookie), "the session does not end")


#: What makes them keep quiet.
SERVERS = {
    "uvicorn": ["--log-level", "critical", "--no-access-log"],
    "daphne": ["--verbosity", "0"],
}


@contextmanager
def serving(application: str, server: str = "uvicorn", **environment: str) -> Iterator[Site]:
    """Serve an ASGI application until the test is done."""
    port = free_port()
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.races.served_settings"} | environment
    command = [sys.executable, "-m", server, application, "--port", str(port), *SERVERS[server]]
    with TemporaryDirectory() as folder:
        slow_now = Path(folder) / "slow"
        env["SLOW_NOW"] = str(slow_now)
        process = subprocess.Popen(command, env=env)
        try:
            until_served(port, process)
            yield Site(port, slow_now)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def prepare(*names: str, **environment: str) -> None:
    """Make the tables, and users whose password is their name."""
    program = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\n"
        "from django.contrib.auth import get_user_model\n"
        "call_command('migrate', verbosity=0)\n"
        f"for name in {names!r}:\n"
        "    get_user_model().objects.create_user(username=name, password=name)\n"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.races.served_settings"} | environment
    subprocess.run([sys.executable, "-c", program], env=env, check=True, timeout=PATIENCE)
