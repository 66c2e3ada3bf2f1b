"""The car site, served for real on a free port, for tests that visit it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener
from uuid import uuid4

from tests.waiting import PATIENCE, until_served

EXAMPLE = Path(__file__).resolve().parent.parent / "example"
#: Frames of others that the pages of the package wear.
RECIPES = sorted(folder.name for folder in (EXAMPLE / "recipes").iterdir())
SERVERS = {
    "gunicorn": [
        "gunicorn",
        "config.wsgi",
        "--bind={address}",
        "--threads=8",
        "--no-control-socket",
    ],
    "uvicorn": ["uvicorn", "config.asgi:application", "--port", "{port}", "--log-level=warning"],
    "runserver": ["django", "runserver", "{address}", "--noreload"],
}


def environment(folder: Path, **switches: str) -> dict[str, str]:
    """What the site is to see: its own settings and a database of its own."""
    ours = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    paths = [str(EXAMPLE), str(EXAMPLE.parent), os.environ.get("PYTHONPATH", "")]
    own = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDEVMODE": "",
        "DATABASE_URL": f"sqlite:///{folder / 'cars.sqlite3'}",
        "SESSION_ENGINE": "db",
        "RECIPE": "",
    }
    return ours | own | switches


def manage(env: dict[str, str], *arguments: str) -> str:
    """Run one of its management commands; gives what it printed."""
    command = [sys.executable, str(EXAMPLE / "manage.py"), *arguments]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fill(env: dict[str, str]) -> None:
    """Make its tables, people and cars."""
    manage(env, "migrate", "--verbosity=0")
    manage(env, "demo_data")


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """A database of its own on the server of a URL; gives its URL."""
    parts, name = urlsplit(url), f"cars_{uuid4().hex[:12]}"
    login: dict[str, Any] = {"host": parts.hostname, "port": parts.port, "user": parts.username}
    login["password"] = parts.password or ""
    if parts.scheme == "postgres":
        import psycopg  # drivers are installed only for the tests on servers

        connection: Any = psycopg.connect(**login, dbname=parts.path[1:], autocommit=True)
    else:
        import pymysql

        connection = pymysql.connect(**login, autocommit=True)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            cursor.execute(f"DROP DATABASE {name}")


@contextmanager
def serving(
    env: dict[str, str], server: str = "gunicorn", *, options: Sequence[str] = ()
) -> Iterator[str]:
    """The site behind one of the servers it is made for; gives its origin."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    words = {"address": f"127.0.0.1:{port}", "port": port}
    command = [sys.executable, "-m", *(part.format(**words) for part in SERVERS[server]), *options]
    process = subprocess.Popen(
        command, cwd=EXAMPLE, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until_served(int(port), process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


class Visitor:
    """A browser without a screen: cookies, forms, redirects."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookies = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.cookies))

    def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, URL in the end, and body."""
        return self._open(Request(self.origin + path, headers=headers))

    def post(self, path: str, page: str = "/", **fields: str) -> tuple[int, str, str]:
        """Send a form as it stands on a page."""
        found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(page)[2])
        fields["csrfmiddlewaretoken"] = found[1] if found else ""
        return self._open(Request(self.origin + path, urlencode(fields).encode()))

    def _open(self, request: Request) -> tuple[int, str, str]:
        try:
            with self.opener.open(request, timeout=PATIENCE) as response:
                return response.status, response.url, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.url or "", error.read().decode()

    def log_in(self, name: str = "customer") -> None:
        """As one of the demo's people."""
        page = self.post(
            "/accounts/login/", "/accounts/login/", username=name, password=f"{name}-{name}"
        )[2]
        assert f'<span class="who">{name}</span>' in page

    @property
    def is_logged_in(self) -> bool:
        """Whether the private page opens."""
        return self.get("/cars/add/")[1] == f"{self.origin}/cars/add/"

    def copy(self) -> "Visitor":
        """Return an attacker's browser with a copy of these cookies."""
        other = Visitor(self.origin)
        for cookie in self.cookies:
            assert isinstance(cookie, Cookie)
            other.cookies.set_cookie(cookie)
        return other
