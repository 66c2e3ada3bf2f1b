"""``make demo-sso``: the car site as a provider, and two sites that log in at it; and the same where the car site is also a
client of npm's oidc-provider."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from html import unescape
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests import services
from tests.federation_peers.browser import Browser
from tests.races.own_redis import free_port
from tests.waiting import PATIENCE, until, until_served

EXAMPLE = Path(__file__).resolve().parents[2] / "example"
SITES = ("cars", "parts", "rally")


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of the sites by name, served as ``make demo-sso`` does without node."""
    yield from _serve(tmp_path_factory, COMPANY="no")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The same with the provider of the car site."""
    services.need("node", "npm:oidc-provider")
    yield from _serve(tmp_path_factory, COMPANY="")


def _serve(tmp_path_factory: pytest.TempPathFactory, **given: str) -> Iterator[dict[str, str]]:
    port = _four_ports()
    folder = tmp_path_factory.mktemp("sso")
    environment = {**os.environ, "PORT": str(port), "SSO_FOLDER": str(folder), **given}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "sso"]
        server = subprocess.Popen(command, cwd=EXAMPLE, env=environment, stdout=log, stderr=log)
        try:
            found = _wait_for(port, folder / "log")
            if not given["COMPANY"]:
                found["company"] = f"http://127.0.0.1:{port + 3}"
                until_served(port + 3, server)
            yield found
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


def _four_ports() -> int:
    """Return the first of four ports in a row that are free."""
    while True:
        first = free_port()
        with suppress(OSError, OverflowError), ExitStack() as stack:
            for port in range(first, first + 4):
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
    return {name for name in SITES if 'class="who"' in seen(browser, sites[name])}


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


class TestChain:
    """The car site logs people in at a provider, and tells its own applications what that tells it."""

    @pytest.fixture
    def browser(self, chain: dict[str, str]) -> Browser:
        """A browser whose user has logged in at the parts site by the provider of the car site."""
        browser = Browser(chain["parts"])
        self.log_in(browser, chain)
        browser.submit(login="admin", password="any")
        while browser.url.startswith(chain["company"]):
            browser.submit("/interaction/")
        assert browser.url == f"{chain['parts']}/"
        browser.visit(f"{chain['rally']}/oidc/authenticate/")
        assert where(browser, chain) == set(SITES)
        return browser

    def log_in(self, browser: Browser, chain: dict[str, str]) -> None:
        """Choose to log in at the provider."""
        browser.visit(f"{chain['parts']}/oidc/authenticate/")
        assert browser.url.startswith(f"{chain['cars']}/accounts/login/")
        (link,) = re.findall(r'href="(/oidc/authenticate/[^"]*)"', browser.text)
        browser.visit(unescape(link))

    def at_the_company(self, browser: Browser, chain: dict[str, str]) -> None:
        """By the provider's own page."""
        browser.visit(f"{chain['company']}/session/end")
        browser.submit("/session/end/confirm", button="yes")

    def at_the_car_site(self, browser: Browser, chain: dict[str, str]) -> None:
        """By the car site's button, and yes at the provider."""
        _at_the_car_site(browser, chain)
        assert browser.url.startswith(chain["company"])
        browser.submit("/session/end/confirm", button="yes")
        assert browser.url == f"{chain['cars']}/"

    @pytest.mark.parametrize("log_out", [at_the_company, at_the_car_site])
    def test_a_logout_at_the_provider_goes_down_the_chain(
        self, browser: Browser, chain: dict[str, str], log_out: Callable[..., None]
    ) -> None:
        """BCL-23: to the car site, and from there to the others. The provider asks the next time."""
        thief = browser.copy()
        log_out(self, browser, chain)
        until(lambda: where(browser, chain) == set(), "a site has not ended its session")
        assert where(thief, chain) == set()
        self.log_in(browser, chain)
        assert "login" in browser.form()["fields"]

    def test_a_logout_below_is_one_at_all_sites(
        self, browser: Browser, chain: dict[str, str]
    ) -> None:
        """At the parts site, which knows nothing of the provider. That knows the browser still."""
        _at_the_parts_site(browser, chain)
        until(lambda: where(browser, chain) == set(), "a site has not ended its session")
        self.log_in(browser, chain)
        assert browser.url == f"{chain['parts']}/"

    def test_nobody_is_an_administrator_by_name(
        self, browser: Browser, chain: dict[str, str]
    ) -> None:
        """The provider lets anyone call themselves anything."""
        assert "admin@company" in seen(browser, chain["cars"])
        browser.visit(f"{chain['cars']}/admin/")
        assert "/admin/login/" in browser.url


def test_the_key_of_the_provider_is_made_whenever_memory_is_collected() -> None:
    """Node waited for itself in about one start of a hundred."""
    services.need("node")
    # Each of these sizes makes it collect at another moment.
    code = """
        import { makeKey } from "./key.mjs";
        for (let size = 0; size < 4000; size += 4) {
          Array.from({ length: size }, () => ({}));
          makeKey(512);
        }
    """
    command = ["node", "--max-semi-space-size=1", "--input-type=module", "--eval", code]
    subprocess.run(command, cwd=EXAMPLE / "sso", check=True, timeout=PATIENCE)
