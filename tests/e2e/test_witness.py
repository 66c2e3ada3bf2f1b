"""Logouts and logins that no page with our script makes: the witness cookie tells of them."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.script import PRIVATE

pytestmark = pytest.mark.needs("chromium")


def test_login_again_brings_the_page_back(open_page: Open) -> None:
    """With what was typed."""
    page = open_page(PRIVATE, user="customer")
    page.fill("[name=brand]", "Puma")
    other = _page_without_script(page)
    page.context.clear_cookies(name="sessionid")
    page.context.clear_cookies(name="logout_witness")
    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")

    other.fill("[name=username]", "customer")
    other.fill("[name=password]", "customer-customer")
    other.click("main form button")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.input_value("[name=brand]") == "Puma"


def test_nothing_is_asked_while_nothing_changes(open_page: Open) -> None:
    """Other cookies may change as they like."""
    page = open_page(PRIVATE, user="customer")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    for value in range(5):
        page.evaluate("value => { document.cookie = `sidebar=${value}`; }", value)
    page.wait_for_timeout(1500)

    assert not [url for url in asked if "/accounts/session/" in url]


def _page_without_script(page: Page) -> Page:
    other = page.context.new_page()
    other.route("**/logout.js", lambda route: route.abort())
    other.goto("/accounts/login/")
    return other
