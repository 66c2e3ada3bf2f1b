"""A session that ended while the user was typing: one calm dialog, and no typed text is lost."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, log_in
from tests.e2e.script import PRIVATE, end_session, log_in_quietly, look_at
from tests.services import NODE_MODULES


@pytest.fixture
def page(open_page: Open) -> Page:
    """Open a form that the user is filling in."""
    page = open_page(PRIVATE, user="customer")
    page.fill("[name=brand]", "Puma")
    return page


def _log_in_again(page: Page, user: str = "customer") -> Page:
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What you typed is still on this page.")
    with page.expect_popup() as popup:
        dialog.get_by_role("link", name="Log in again").click()
    tab = popup.value
    expect(tab).to_have_url(re.compile(r"/accounts/login/\?next=%2Fcars%2Fadd%2F$"))
    tab.fill("[name=username]", user)
    tab.fill("[name=password]", f"{user}-{user}")
    tab.click("main form button")
    tab.wait_for_url(PRIVATE)
    return tab


def test_reason_is_told_that_is_heard_during_a_check(page: Page) -> None:
    """A response has named it, and deleted the cookie by which the site could still find it."""
    end_session(page)
    page.context.clear_cookies(name="sessionid")
    page.evaluate(
        """async () => {
          const { check } = await import(document.querySelector("script[data-logout]").src);
          check();
          check("admin");
        }"""
    )
    expect(page.get_by_role("dialog")).to_contain_text("An administrator ended your session.")


def test_reason_is_told_that_comes_after_a_later_answer(page: Page) -> None:
    """The later question came when the cookie was gone, so its answer knows no reason."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/accounts/session/?reason=admin", hold)
    end_session(page)
    page.context.clear_cookies(name="sessionid")
    page.evaluate(
        """async () => {
          const { check } = await import(document.querySelector("script[data-logout]").src);
          check("admin");
          await Promise.resolve();
          check();
        }"""
    )
    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    [route] = held
    route.continue_()
    expect(page.get_by_role("dialog")).to_contain_text("An administrator ended your session.")


def test_typed_text_is_not_kept_for_another_account(page: Page) -> None:
    """Another account logs in there instead: the page is that account's, and empty."""
    end_session(page)
    look_at(page)

    _log_in_again(page, "admin")

    expect(page.get_by_role("banner")).to_contain_text("admin")
    assert page.input_value("[name=brand]") == ""


def test_login_in_another_tab_closes_the_dialog(page: Page) -> None:
    """One that has nothing to do with the dialog, and knows no more than that it was loaded."""
    end_session(page)
    look_at(page)
    expect(page.get_by_role("dialog")).to_be_visible()

    log_in(page.context.new_page())

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.input_value("[name=brand]") == "Puma"


def test_coming_back_to_the_tab_after_a_login_closes_the_dialog(page: Page) -> None:
    """Where the page after the login carries no script."""
    end_session(page)
    look_at(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    log_in_quietly(page, "customer")
    page.wait_for_timeout(2100)  # it has asked just now

    look_at(page)

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()


#: How each framework is told to fetch the page of a link.
FRAMEWORKS: dict[str, tuple[str, dict[str, str]]] = {
    "htmx 2": ("htmx.org/dist/htmx.js", {"hx-get": "/cars/add/?other", "hx-target": "main"}),
    "htmx 4": ("htmx.org-4/dist/htmx.js", {"hx-get": "/cars/add/?other", "hx-target": "main"}),
    "Turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", {"href": "/cars/add/?other"}),
    "Unpoly": ("unpoly/unpoly.js", {"href": "/cars/add/?other", "up-follow": ""}),
}
ADD_LINK = """
(attributes) => {
  const link = document.createElement("a");
  link.textContent = "Go there";
  link.tabIndex = 0;
  for (const [name, value] of Object.entries(attributes)) link.setAttribute(name, value);
  document.querySelector("main").append(link);
  window.htmx?.process(link);
  window.up?.boot();
}
"""


def _use(page: Page, framework: str) -> None:
    path, attributes = FRAMEWORKS[framework]
    page.route("**/framework.js", lambda route: route.fulfill(path=NODE_MODULES / path))
    page.add_script_tag(url="/framework.js")
    page.evaluate(ADD_LINK, attributes)


@pytest.fixture
def lax_page(open_page: Open) -> Page:
    """The same under a lax policy: some frameworks bring inline styles, unless told not to."""
    page = open_page(PRIVATE, user="customer", bypass_csp=True)
    page.fill("[name=brand]", "Puma")
    return page


@pytest.mark.needs("npm")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_frameworks_do_not_leave_the_page(lax_page: Page, framework: str) -> None:
    """They work while the session lives; once it has ended, what is typed stays in its place."""
    _use(lax_page, framework)
    end_session(lax_page)

    lax_page.get_by_text("Go there").click()

    expect(lax_page.get_by_role("dialog")).to_contain_text("You logged out.")
    assert lax_page.url.endswith(PRIVATE)
    assert lax_page.input_value("[name=brand]") == "Puma"


@pytest.mark.needs("npm")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_frameworks_fetch_pages_as_ever(lax_page: Page, framework: str) -> None:
    """Nothing is in the way of those who are logged in."""
    _use(lax_page, framework)

    lax_page.get_by_text("Go there").click()

    expect(lax_page.get_by_role("main").locator("[name=brand]").first).to_have_value("")
    expect(lax_page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.needs("npm")
@pytest.mark.parametrize("framework", ["htmx 2", "htmx 4"])
def test_htmx_logs_out(lax_page: Page, framework: str) -> None:
    """Its own way, by HX-Redirect; the other tab hears of it."""
    other: Any = lax_page.context.new_page()
    other.goto(PRIVATE)
    _use(lax_page, framework)
    lax_page.evaluate(
        "const form = document.querySelector('header form');"
        "form.setAttribute('hx-post', form.action); form.setAttribute('hx-swap', 'none');"
        "htmx.process(form)"
    )

    with lax_page.expect_response("**/accounts/logout/") as answered:
        lax_page.get_by_role("banner").get_by_role("button", name="Log out").click()

    assert answered.value.status == 204
    expect(lax_page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    expect(other.get_by_role("dialog")).to_contain_text("Your session has ended")
