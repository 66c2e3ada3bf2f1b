"""F46: a sibling subdomain that sets cookies for the whole domain."""

import ssl
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import end_others, shows_secret

PAGE = "/trial/page/secret/"


def _visit_sibling(page: Page, script: str) -> None:
    """Open a page of another subdomain, which an attacker controls."""
    evil = f"https://evil.cars.test:{urlsplit(page.url).port}/"
    # Reading waits until all is written.
    script = f"{script}; document.title = document.cookie"
    body = f"<!DOCTYPE html><title>win a car</title><script>{script}</script>"
    page.context.route(evil, lambda route: route.fulfill(body=body, content_type="text/html"))
    tab = page.context.new_page()
    tab.goto(evil)
    tab.close()


def _session(page: Page, name: str = "sessionid") -> str:
    cookies: Any = page.context.cookies(page.url)
    return next(cookie["value"] for cookie in cookies if cookie["name"] == name)


def _is_alive(page: Page, value: str, name: str = "sessionid") -> bool:
    """Whether a copy of a cookie opens the page, on the server itself."""
    parts = urlsplit(page.url)
    cookie = SimpleCookie({name: value}).output(header="").strip()
    ask = Request(
        f"https://127.0.0.1:{parts.port}{PAGE}", headers={"Host": parts.netloc, "Cookie": cookie}
    )
    with urlopen(ask, context=ssl._create_unverified_context()) as answer:
        return urlsplit(answer.url).path == PAGE


@pytest.fixture
def attacker(open_page: Open, variant: Variant) -> Page:
    """Return an attacker with an account of the site."""
    return open_page("/", base_url=variant("https", "www"), user="admin")


def test_a_tossed_session_ends_with_the_users_own(
    open_page: Open, variant: Variant, attacker: Page
) -> None:
    """Whichever of the two Django reads, logging out means both: the user does not continue as the
    attacker."""
    page = open_page(PAGE, base_url=variant("https", "www"), user="customer")
    own, tossed = _session(page), _session(attacker)
    _visit_sibling(
        page, f"document.cookie = 'sessionid={tossed}; Domain=cars.test; Path=/; Secure'"
    )
    page.goto(PAGE)

    page.get_by_role("button", name="Log out").click()

    assert not _is_alive(page, own)
    assert not _is_alive(page, tossed)
    page.goto(PAGE)
    assert "/accounts/login/" in page.url


def test_a_prefix_keeps_siblings_out(open_page: Open, variant: Variant, attacker: Page) -> None:
    """The browser refuses a ``__Host-`` cookie for a whole domain, in whatever way it is set."""
    page = open_page(PAGE, base_url=variant("https", "host-prefix"), user="customer")
    name = "__Host-sessionid"
    own = _session(page, name)
    _visit_sibling(
        page,
        f"document.cookie = '{name}=tossed; Domain=cars.test; Path=/; Secure';"
        f"document.cookie = '{name}=tossed; Domain=cars.test; Path=/accounts/; Secure';"
        f"document.cookie = '{name}=tossed; Path=/; Secure';",
    )
    page.goto(PAGE)
    assert shows_secret(page)
    assert _session(page, name) == own

    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/trial/public/")

    assert not _is_alive(page, own, name)
    page.goto(PAGE)
    assert "/accounts/login/" in page.url


def test_a_jar_that_is_filled_logs_out_the_browser_alone(open_page: Open, variant: Variant) -> None:
    """No header of a site prevents it. But a user who logs in again finds the session that was left
    behind, and ends it."""
    page = open_page(PAGE, base_url=variant("https", "www"), user="customer")
    own = _session(page)
    _visit_sibling(
        page,
        "for (let i = 0; i < 400; i++) document.cookie = `c${i}=1; Domain=cars.test; Path=/; Secure`",
    )
    page.goto(PAGE)
    assert "/accounts/login/" in page.url
    assert _is_alive(page, own)

    page.fill("[name=username]", "customer")
    page.fill("[name=password]", "customer-customer")
    page.click("main form button")
    page.wait_for_url(f"**{PAGE}")
    page.goto("/accounts/sessions/")
    end_others(page)

    assert not _is_alive(page, own)
