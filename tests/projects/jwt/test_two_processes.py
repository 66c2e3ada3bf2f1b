"""F30: one process ends a session, and another one refuses its tokens.

Two real servers run on PostgreSQL and Redis; the test itself uses neither.
"""

import json
import os
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import psycopg
import pytest

from tests import services
from tests.races.serving import Site, prepare, serving
from tests.waiting import PATIENCE

pytestmark = pytest.mark.needs("postgres", "redis")

SERVED = "tests.races.served:unwrapped"


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[Site, Site]]:
    """Serve the site twice, on a database of its own."""
    name = f"logout_jwt_{os.getpid()}"
    environment = {
        "SERVED_DATABASE": name,
        "DJANGO_SETTINGS_MODULE": "tests.projects.jwt.served_settings",
        "DATABASE_URL": services.URLS["postgres"],
        "REDIS_URL": services.URLS["redis"],
    }
    server = psycopg.connect(services.URLS["postgres"], autocommit=True)
    server.execute(f'CREATE DATABASE "{name}"')
    try:
        prepare("ann", "bob", **environment)
        with serving(SERVED, **environment) as one, serving(SERVED, **environment) as two:
            yield one, two
    finally:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.close()


def ask(site: Site, method: str, path: str, access: str = "", **data: str) -> tuple[int, Any]:
    """Send one request, and return the status and the body."""
    http = HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if access:
        headers["Authorization"] = f"Bearer {access}"
    http.request(method, path, json.dumps(data), headers)
    answer = http.getresponse()
    body = answer.read()
    http.close()
    return answer.status, json.loads(body) if body else None


def log_in(site: Site, name: str) -> dict[str, str]:
    """Log in as a program."""
    status, tokens = ask(site, "POST", "/jwt/", username=name, password=name)
    assert status == 200
    return dict(tokens)


def statuses(site: Site, tokens: dict[str, str]) -> list[int]:
    """Return the status for the access token, in two views, and for the refresh token."""
    paths = ("/api/who/", "/api/stateless/")
    found = [ask(site, "GET", path, tokens["access"])[0] for path in paths]
    return [*found, ask(site, "POST", "/jwt/refresh/", refresh=tokens["refresh"])[0]]


def test_logout_is_seen_by_other_process(sites: tuple[Site, Site]) -> None:
    """By the very next request; another device and another user stay logged in."""
    one, two = sites
    for _ in range(5):
        mine, device, theirs = log_in(one, "ann"), log_in(two, "ann"), log_in(one, "bob")
        for site in sites:  # Both cache the active status.
            assert ask(site, "GET", "/api/who/", mine["access"])[0] == 200
            assert ask(site, "GET", "/api/stateless/", mine["access"])[0] == 200
        assert ask(one, "POST", "/jwt/logout/", mine["access"])[0] == 200
        assert statuses(two, mine) == [401, 401, 401]
        status, problem = ask(two, "GET", "/api/who/", mine["access"])
        assert (status, problem["reason"]) == (401, "user")
        assert statuses(two, device) == [200, 200, 200]
        assert statuses(two, theirs) == [200, 200, 200]


def test_everywhere_is_seen_by_other_process(sites: tuple[Site, Site]) -> None:
    """The button in a browser ends its session and revokes the programs' tokens, those without a
    session too."""
    one, two = sites
    for _ in range(5):
        cookie = one.login("ann")
        programs = [log_in(two, "ann"), log_in(one, "ann")]
        status, issued = ask(two, "POST", "/jwt/more/", programs[0]["access"])
        assert status == 200
        programs.append(issued)
        theirs = log_in(two, "bob")
        for tokens in programs:
            for site in sites:
                assert ask(site, "GET", "/api/stateless/", tokens["access"])[0] == 200
        response, _ = one.ask("POST", "/accounts/sessions/end-all/", cookie)
        assert response.status == 200
        assert [statuses(two, tokens) for tokens in programs] == [[401] * 3] * 3
        assert two.logged_in_as(cookie) == ""
        assert statuses(two, theirs) == [200, 200, 200]
        _wait_for_the_next_second()


def _wait_for_the_next_second() -> None:
    """Wait, because a token without a session is refused in the second of an ending."""
    time.sleep(1 - time.time() % 1)
