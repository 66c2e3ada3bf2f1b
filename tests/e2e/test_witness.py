"""Logouts and logins that no page with our script makes: the witness cookie tells of them."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.script import PRIVATE, another_tab, is_hidden

pytestmark = pytest.mark.needs("chromium")

SECRET = "Only logged-in users can see this page."
#: Without a word to any page: a request of its own to Django's view, whose answer is not shown.
LOG_OUT = """async () => {
  const form = document.querySelector("form[action='/logout/']")
    ?? document.querySelector("form[action='/accounts/logout/']");
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!answer.ok) throw answer.status;
}"""


@pytest.mark.parametrize("store", ["cookieStore", "document.cookie"])
def test_logout_that_no_script_announces_is_noticed(open_page: Open, store: str) -> None:
    """Long before the tab would ask, and without the user coming back to it."""
    page = open_page(user="customer")
    if store == "document.cookie":
        page.context.add_init_script("delete window.cookieStore")
    page.goto(PRIVATE)
    other = another_tab(page, "/ways/plain/")
    other.route("**/logout.js", lambda route: route.abort())
    other.reload()

    other.evaluate(LOG_OUT)

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(page, SECRET)


def test_login_of_another_user_is_noticed(open_page: Open) -> None:
    """Without a script of the page that logs in."""
    page = open_page(PRIVATE, user="customer")
    other = _page_without_script(page)

    other.fill("[name=username]", "admin")
    other.fill("[name=password]", "admin-admin")
    other.click("main form button")

    expect(page.get_by_role("banner")).to_contain_text("admin")


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
