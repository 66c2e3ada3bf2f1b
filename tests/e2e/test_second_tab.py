"""The second tab: it hears of what happens in the first, and asks about the rest."""

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.conftest import Open, assert_accessible, is_logged_in
from tests.e2e.navigation import wait_until_loaded
from tests.e2e.script import (
    OFTEN,
    PRIVATE,
    another_tab,
    end_session,
    go_back,
    is_hidden,
    log_in_quietly,
    look_at,
    watchful,
)

SECRET = "Only logged-in users can see this page."


@pytest.mark.smoke
def test_it_goes_where_the_first_one_goes(open_page: Open) -> None:
    """F41: at once, and nothing of it is left, not even for the Back button."""
    first = open_page(user="customer")
    second = another_tab(first)

    first.get_by_role("banner").get_by_role("button", name="Log out").click()

    second.wait_for_url("/")
    expect(second.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    go_back(second)  # to where it was before the page, if that is anywhere
    second.wait_for_timeout(500)
    wait_until_loaded(second)
    assert SECRET not in second.content()


def test_it_says_why_before_it_goes(open_page: Open) -> None:
    """However slow the next page is; the old one is gone by then."""
    first = open_page(user="customer")
    second = another_tab(first)
    second.route("**/", lambda route: route.fulfill(status=204))  # nothing to go to

    first.get_by_role("banner").get_by_role("button", name="Log out").click()

    dialog = second.get_by_role("dialog", name="You have been logged out.")
    expect(dialog.get_by_role("link", name="Continue")).to_be_focused()
    assert second.evaluate("document.body.childElementCount") == 0


def test_a_logout_by_a_plain_form_reaches_it_too(open_page: Open) -> None:
    """One that the script does not know: it is the next page that tells."""
    first = open_page("/ways/plain/", user="customer")
    second = another_tab(first)

    first.get_by_role("main").get_by_role("button").click()

    expect(second.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(second, SECRET)


def test_an_ending_elsewhere_is_noticed_by_asking(open_page: Open) -> None:
    """The page can be neither seen, heard nor found any more, and Escape does not bring it back."""
    page = watchful(open_page(user="customer"))
    assert not is_hidden(page, SECRET)

    end_session(page)

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You logged out.")
    assert is_hidden(page, SECRET)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert is_hidden(page, SECRET)
    dialog.get_by_role("link", name="Log in again").click()
    page.wait_for_url("/accounts/login/?next=%2Fcars%2Fadd%2F")


@pytest.mark.smoke
def test_an_ending_elsewhere_is_noticed_by_being_told(open_page: Open) -> None:
    """Where the site sends events; the connection ends with the page."""
    page = open_page(user="customer")
    page.add_init_script(OFTEN.replace('poll = "1"', 'events = "/events/"'))
    streams: list[Route] = []
    page.route("**/events/", lambda route: streams.append(route))  # noqa: PLW0108 - it is marked
    with page.expect_request("**/events/"):
        page.goto(PRIVATE)
    end_session(page)

    streams[0].fulfill(
        content_type="text/event-stream", body='event: ended\ndata: {"reason": "admin"}\n\n'
    )

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(page, SECRET)


def test_it_is_noticed_on_coming_back_to_the_tab(open_page: Open) -> None:
    """Without waiting for the next question."""
    page = open_page(PRIVATE, user="customer")
    end_session(page)

    look_at(page)

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(page, SECRET)


@pytest.mark.smoke
@pytest.mark.lacks(firefox="locators on a page that it has kept, by WebDriver BiDi")
def test_the_back_button_asks_first(open_page: Open) -> None:
    """F40: what the browser has kept is covered until the server has said that all is well."""
    page = open_page(PRIVATE, user="customer")
    page.evaluate("window.kept = true")
    page.goto("/")
    go_back(page)
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    assert page.evaluate("window.kept"), "the browser has not kept it"

    page.goto("/")
    end_session(page)
    go_back(page)

    expect(page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(page, SECRET)


@pytest.mark.lacks(firefox="locators on a page that it has kept, by WebDriver BiDi")
def test_the_back_button_shows_nothing_while_the_site_is_away(open_page: Open) -> None:
    """It is unknown whether the session is active. As soon as it is known, the page is shown."""
    page = open_page(PRIVATE, user="customer")
    page.goto("/")
    page.context.set_offline(True)

    go_back(page)

    dialog = page.get_by_role("dialog", name="This site isn't responding right now.")
    expect(dialog.get_by_role("link", name="Try again")).to_have_attribute("href", PRIVATE)
    assert is_hidden(page, SECRET)
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()


@pytest.mark.smoke
def test_another_user_is_noticed(open_page: Open) -> None:
    """What was hers is not shown to him: the page is fetched anew, as his."""
    page = open_page(PRIVATE, user="customer")
    page.fill("[name=brand]", "Secret")
    log_in_quietly(page, "admin")

    look_at(page)

    expect(page.get_by_role("banner")).to_contain_text("admin")
    assert page.input_value("[name=brand]") == ""


def test_a_page_that_stays_another_users_is_fetched_once_more_only(open_page: Open) -> None:
    """Where a cache gives everybody what it has stored for one: nothing of it is shown, and the
    browser does not go round in circles. What is said stays there, and leads on."""
    page = open_page(PRIVATE, user="customer")
    stored = page.request.get(PRIVATE).text()
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
