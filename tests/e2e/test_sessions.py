"""The sessions page in a real browser, with and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, is_logged_in

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def _two(open_page: Open, **options: object) -> tuple[Page, Page]:
    """A computer on the list of its sessions, and a phone, both of one user."""
    page = open_page("/accounts/sessions/", user="admin", **options)
    others = page.get_by_role("button", name="End all other sessions")
    if others.is_visible():
        others.click()
    phone = open_page(user="admin", user_agent=IPHONE)
    page.bring_to_front()  # the phone is a window of the same Firefox
    page.goto("/")
    page.get_by_role("link", name="Your sessions").click()
    page.get_by_role("heading", name="Your sessions").wait_for()
    return page, phone


@pytest.mark.parametrize("scripts", [True, False])
def test_a_button_ends_the_session_it_names(open_page: Open, scripts: bool) -> None:
    """And says so, where a screen reader hears it; this browser stays."""
    page, phone = _two(open_page, java_script_enabled=scripts)

    page.get_by_role("button", name="End the session on").click()

    expect(page.get_by_role("status")).to_have_text("Sessions ended: 1.")
    expect(page.get_by_role("row")).to_have_count(2)  # the heads, and this one
    assert not is_logged_in(phone)
    assert is_logged_in(page)


def test_the_keyboard_is_enough(open_page: Open) -> None:
    """Each button can be reached, and seen where it is."""
    page, phone = _two(open_page)
    wanted = page.get_by_role("button", name="End all other sessions")

    for _ in range(10):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if wanted.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("Sessions ended: 1.")
    assert not is_logged_in(phone)


@pytest.mark.smoke
def test_on_all_my_devices(open_page: Open) -> None:
    """One tick, and the phone is out too."""
    page, phone = _two(open_page)
    page.goto("/accounts/logout/")

    page.get_by_label("Log out on all my devices").check()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()

    assert not is_logged_in(phone)
    assert not is_logged_in(page)


def test_the_table_is_heard_as_one_on_a_phone_too(open_page: Open) -> None:
    """As cards it keeps its rows, heads and cells."""
    page, _ = _two(open_page, viewport={"width": 320, "height": 640})

    expect(page.get_by_role("table")).to_have_accessible_name(
        "These are the devices where you're logged in. End any session you don't recognize."
    )
    expect(page.get_by_role("rowheader")).to_have_count(2)
    expect(page.get_by_role("columnheader")).to_have_count(6)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
