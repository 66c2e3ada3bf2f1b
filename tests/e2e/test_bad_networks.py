"""Offline, and other bad networks: no page says that its user is logged out while the session is
active."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, is_logged_in
from tests.e2e.script import PRIVATE, is_hidden


@pytest.fixture
def page(open_page: Open) -> Page:
    """Open the page of a user who is about to leave."""
    return open_page(PRIVATE, user="customer")


def _press(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()


@pytest.mark.smoke
def test_offline_says_so_and_logs_out_on_return(page: Page) -> None:
    """F15: with Django, the browser's error page, and still logged in when it is back."""
    page.context.set_offline(True)
    _press(page)
    dialog = page.get_by_role("dialog", name="You may still be logged in")
    expect(dialog).to_be_visible()
    assert is_hidden(page, "Offer a car")

    page.context.set_offline(False)

    page.wait_for_url("/")
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    assert not is_logged_in(page)


def test_who_would_rather_stay_stays(page: Page) -> None:
    """And is not logged out later, when the network is back."""
    page.context.set_offline(True)
    _press(page)
    page.get_by_role("button", name="Stay logged in").click()
    expect(page.get_by_role("heading", name="Offer a car")).to_be_visible()
    expect(page.get_by_role("banner").get_by_role("button", name="Log out")).to_be_focused()

    page.context.set_offline(False)
    page.wait_for_timeout(2500)

    assert is_logged_in(page)
    _press(page)
    page.wait_for_url("/")
    assert not is_logged_in(page)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (503, "application/problem+json", '{"detail": "You may still be logged in"}'),
        (200, "text/html", "<h1>Log in to the hotel's network</h1>"),
    ],
)
def test_any_other_answer_is_left_to_the_browser(
    page: Page, status: int, kind: str, body: str
) -> None:
    """The site's own 503, a captive portal: the form is sent as a form, and what comes is shown."""
    shown = "<h1>What browsers get</h1>"

    def answer(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(status=status, body=shown, content_type="text/html")
        else:
            route.fulfill(status=status, body=body, content_type=kind)

    page.route("**/accounts/logout/", answer)
    _press(page)

    page.wait_for_url("/accounts/logout/")
    assert shown in page.content()
    assert is_logged_in(page)
