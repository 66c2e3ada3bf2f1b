"""``make demo-sso``: the car site as a provider, and two sites that log in at it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.federation_peers.browser import Browser
from tests.races.own_redis import free_port
from tests.waiting import until

EXAMPLE = Path(__file__).resolve().parents[2] / "example"
SITES = ("cars", "parts", "rally")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of the sites by name, served as ``make demo-sso`` does."""
    port = _three_ports()
    folder = tmp_path_factory.mktemp("sso")
    environment = {**os.environ, "PORT": str(port), "SSO_FOLDER": str(folder)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "sso"]
        server = subprocess.Popen(command, cwd=EXAMPLE, env=environment, stdout=log, stderr=log)
        try:
            yield _wait_for(port, folder / "log")
        finally:
            server.terminate()
            ended = server.wait()
        assert ended == 0


def _wait_for(port: int, log: Path) -> dict[str, str]:
    """Wait until the sites are served, and return their addresses."""
    for event in ("admin-admin", "Ctrl-C"):  # Tables and passwords take their time.
        until(lambda event=event: event in log.read_text(), f"no {event}")
    found = {name: f"http://127.0.0.1:{port + n}" for n, name in enumerate(SITES)}
    for url in found.values():
        until(lambda url=url: _answers(url), f"{url} does not answer")
    return found


def _three_ports() -> int:
    """Return the first of three ports in a row that are free."""
    while True:
        first = free_port()
        with suppress(OSError, OverflowError), ExitStack() as stack:
            for port in range(first, first + 3):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


@pytest.fixture
def browser(sites: dict[str, str]) -> Browser:
    """A browser in which a customer has logged in at the parts site, and so at the others."""
    browser = Browser(sites["parts"])
    browser.visit(f"{sites['parts']}/oidc/authenticate/")
    assert browser.url.startswith(f"{sites['cars']}/accounts/login/")
    browser.submit(username="customer", password="customer-customer")
    assert browser.url == f"{sites['parts']}/"
    browser.visit(f"{sites['rally']}/oidc/authenticate/")  # without a password
    assert browser.url == f"{sites['rally']}/"
    assert where(browser, sites) == set(SITES)
    return browser


def where(browser: Browser, sites: dict[str, str]) -> set[str]:
    """Return at which sites the browser is logged in."""
    return {name for name, url in sites.items() if 'class="who"' in seen(browser, url)}


def seen(browser: Browser, url: str) -> str:
    """Return a page as text."""
    browser.visit(f"{url}/")
    return browser.text


def _at_the_car_site(browser: Browser, sites: dict[str, str]) -> None:
    browser.visit(f"{sites['cars']}/")
    browser.submit("/accounts/logout/")


def _at_the_parts_site(browser: Browser, sites: dict[str, str]) -> None:
    browser.visit(f"{sites['parts']}/")
    browser.submit("/accounts/logout/")


def _everywhere(browser: Browser, sites: dict[str, str]) -> None:
    browser.visit(f"{sites['cars']}/accounts/sessions/end-all/")
    browser.submit("/sessions/end-all/")


@pytest.mark.parametrize("log_out", [_at_the_car_site, _at_the_parts_site, _everywhere])
def test_a_logout_at_one_site_is_one_at_all(
    browser: Browser,
    sites: dict[str, str],
    log_out: Callable[[Browser, dict[str, str]], None],
) -> None:
    """The browser visits none of the others meanwhile."""
    thief = browser.copy()
    log_out(browser, sites)
    until(lambda: where(browser, sites) == set(), "a site has not ended its session")
    assert where(thief, sites) == set()


def test_another_browser_of_the_same_user_stays(browser: Browser, sites: dict[str, str]) -> None:
    """A logout is of one session, unless it is of all."""
    other = Browser(sites["parts"])
    other.visit(f"{sites['parts']}/oidc/authenticate/")
    other.submit(username="customer", password="customer-customer")
    _at_the_parts_site(browser, sites)
    until(lambda: where(browser, sites) == set(), "a site has not ended its session")
    assert where(other, sites) == {"cars", "parts"}
