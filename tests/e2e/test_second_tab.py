"""The second tab: it hears of what happens in the first, and asks about the rest."""

from playwright.sync_api import Route, expect

from tests.e2e.conftest import Open, assert_accessible, is_logged_in
from tests.e2e.script import (
    PRIVATE,
    another_tab,
    end_session,
    is_hidden,
    log_in_quietly,
    look_at,
    watchful,
)
from tests.waiting import until

SECRET = "Only logged-in users can see this page."


def test_it_says_why_before_it_goes(open_page: Open) -> None:
    """However slow the next page is; the old one is gone by then."""
    first = open_page(user="customer")
    second = another_tab(first)
    second.route("**/", lambda route: route.fulfill(status=204))  # nothing to go to

    first.get_by_role("banner").get_by_role("button", name="Log out").click()

    # Locators would wait for the end of a navigation that has no page.
    def said() -> str:
        return str(second.evaluate("document.querySelector('dialog[open]')?.innerText ?? ''"))

    until(lambda: "You have been logged out." in said(), "it says nothing")
    assert second.evaluate("document.activeElement.innerText.trim()") == "Continue"
    assert second.evaluate("document.body.childElementCount") == 0


def test_a_logout_by_a_plain_form_reaches_it_too(open_page: Open) -> None:
    """One that the script does not know: it is the next page that tells."""
    first = open_page("/ways/plain/", user="customer")
    second = another_tab(first)

    first.get_by_role("main").get_by_role("button").click()

    expect(second.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(second, SECRET)


def test_a_page_that_stays_another_users_is_fetched_once_more_only(open_page: Open) -> None:
    """Where a cache gives everybody what it has stored for one: nothing of it is shown, and the
    browser does not go round in circles. What is said stays there, and leads on."""
    page = open_page(PRIVATE, user="customer")
    stored = page.request.get(PRIVATE).text()
    page.goto("about:blank")  # or a witness would tell this page, and it would fetch itself anew
    log_in_quietly(page, "admin")
    fetched: list[str] = []

    def give(route: Route) -> None:
        fetched.append(route.request.url)
        route.fulfill(body=stored, content_type="text/html")

    page.route(f"**{PRIVATE}", give)
    page.goto(PRIVATE)
    look_at(page)

    dialog = page.get_by_role("dialog", name="This page belongs to a different account")
    expect(dialog.get_by_role("link", name="Log in again")).to_be_focused()
    page.wait_for_timeout(1000)
    assert len(fetched) == 2
    assert is_hidden(page, SECRET)
    assert_accessible(page)

    page.unroute(f"**{PRIVATE}")
    page.reload()
    look_at(page)
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_one_tab_asks_for_all(open_page: Open) -> None:
    """Three tabs, one question a second; when the one that asks is closed, another does."""
    first = watchful(open_page(user="customer"))
    asked: list[str] = []
    first.context.on(
        "request", lambda request: asked.append(request.url) if "/session/" in request.url else None
    )
    tabs = [watchful(another_tab(first)), watchful(another_tab(first))]
    asked.clear()
    begun = first.evaluate("performance.now()")
    first.wait_for_timeout(3300)
    assert 1 <= len(asked) <= 1 + (first.evaluate("performance.now()") - begun) / 1000

    first.close()
    end_session(tabs[0])

    for tab in tabs:
        expect(tab.get_by_role("dialog")).to_contain_text("You logged out.")
    assert not is_logged_in(tabs[0])
