"""F42: pages that a browser has fetched or rendered ahead, before logging out."""

import json
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page

from tests import services
from tests.e2e.browsers import SWITCHES
from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import LOG_OUT, end, shows_secret
from tests.waiting import PATIENCE

AHEAD = "/trial/page/ahead/"


#: A browser that is driven from outside may prefetch all the same.
speculates = pytest.mark.lacks(firefox="speculation rules", webkit="speculation rules")


def _open_and_fetch_ahead(page: Page, kind: str, path: str) -> None:
    """Open a page, and wait until the site has answered the request that is made ahead. Playwright does
    not hear of each of these."""
    page.evaluate("() => fetch('/conduct/', { method: 'POST', body: '{}' })")
    page.goto(f"/trial/page/secret/?{kind}={path}")
    for _ in range(PATIENCE * 20):
        asked = page.evaluate("async () => (await (await fetch('/conduct/')).json()).asked")
        if any(each["path"] == path and each["answered"] for each in asked):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"{path} is not fetched ahead.")


@speculates
@pytest.mark.parametrize(
    ("scheme", "kind", "name", "reason", "shown"),
    [
        ("https", "prefetch", "www", "button", True),  # what there is to cure
        ("https", "prefetch", "no-store", "button", False),
        ("http", "prefetch", "no-store", "admin", False),
        ("https", "prerender", "no-store", "admin", False),
        ("https", "prefetch", "clear-ahead", "button", False),
        ("https", "prerender", "clear-ahead", "button", False),
        ("https", "prefetch", "clear-cache", "button", False),
        ("https", "prefetch", "clear-storage", "button", True),
    ],
)
def test_what_was_fetched_ahead(
    open_page: Open,
    variant: Variant,
    scheme: str,
    kind: str,
    name: str,
    reason: str,
    shown: bool,
) -> None:
    """It is not shown when the link is followed, if the site forbids it or has it cleared."""
    page = open_page(base_url=variant(scheme, name), user="customer")
    _open_and_fetch_ahead(page, kind, AHEAD)

    if reason == "button":
        page.evaluate(LOG_OUT)
    else:
        end(page, reason)
    page.get_by_role("link", name="ahead").click()
    page.wait_for_url(lambda url: "secret" not in url, wait_until="commit")

    assert shows_secret(page) is shown


@speculates
@pytest.mark.claim("A page that was fetched ahead is covered until the session is confirmed")
@pytest.mark.parametrize("reason", ["button", "admin"])
def test_the_script_asks_before_it_shows_what_was_fetched_ahead(
    open_page: Open, variant: Variant, reason: str
) -> None:
    """Where nothing else is done about it."""
    page = open_page(base_url=variant("https", "www"), user="customer")
    _open_and_fetch_ahead(page, "prefetch", "/cars/add/")

    page.evaluate(LOG_OUT) if reason == "button" else end(page, reason)
    page.get_by_role("link", name="ahead").click()

    page.get_by_text("Your session has ended").or_(page.locator("[name=password]")).first.wait_for()
    assert not page.locator(".who").is_visible()


@pytest.mark.needs("chromium")
def test_what_was_rendered_ahead(variant: Variant, pin: str, tmp_path: Path) -> None:
    """The same in a browser that is not driven from outside: it has run the page, scripts
    included."""
    hosts = [urlsplit(variant("https", name)).netloc for name in ("www", "no-store", "clear-ahead")]

    shown = _show(f"https://{hosts[0]}/undriven/?then={','.join(hosts[1:])}", hosts, pin, tmp_path)

    assert [(seen["host"], seen["who"]) for seen in shown] == [
        (hosts[0], "customer"),  # what there is to cure
        (hosts[1], "AnonymousUser"),
        (hosts[2], "AnonymousUser"),
    ]
    assert shown[0]["activationStart"] > 0


@pytest.mark.needs("chromium")
def test_the_script_covers_what_was_rendered_ahead(
    variant: Variant, pin: str, tmp_path: Path
) -> None:
    """From the moment that it is shown, until the server has said why it is not to be."""
    host = urlsplit(variant("https", "watched")).netloc

    (seen,) = _show(f"https://{host}/undriven/?page=watched", [host], pin, tmp_path)

    assert seen["shown"] == ["checking", "ended"]


def _show(url: str, hosts: list[str], pin: str, profile: Path) -> list[Any]:
    command = [
        str(services.chromium()),
        *SWITCHES,
        f"--ignore-certificate-errors-spki-list={pin}",
        "--headless",
        f"--user-data-dir={profile}",
    ]
    command += ["--remote-debugging-port=0"]  # or it would not stay
    with subprocess.Popen([*command, url], stderr=subprocess.DEVNULL) as process:
        try:
            return _await_shown(urlsplit(url).port or 0, hosts)
        finally:
            process.terminate()


def _await_shown(port: int, hosts: list[str]) -> list[Any]:
    log = f"https://127.0.0.1:{port}/undriven/log/"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with urlopen(log, context=ssl._create_unverified_context()) as answer:
            found: list[Any] = json.load(answer)["shown"]
        shown = [seen for seen in found if seen["host"] in hosts]
        if len(shown) >= len(hosts):
            return shown
        time.sleep(0.1)
    raise AssertionError(shown)
