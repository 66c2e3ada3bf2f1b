"""Too many sessions, in a real browser, with and without scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, is_logged_in
from tests.e2e.navigation import end_others


def _asked(open_page: Open, **options: object) -> tuple[Page, Page]:
    """A browser that is logged in, the only one; and one that asks which is to end."""
    old = open_page("/accounts/sessions/", user="admin")
    if old.get_by_role("link", name="End all other sessions").is_visible():
        end_others(old)
    page = open_page(
        "/accounts/login/?next=/cars/add/%3Fbrand%3DFiat", user_agent="Strict", **options
    )
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", "admin-admin")
    page.click("main form button")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose where to log out")
    assert is_logged_in(old)
    assert not is_logged_in(page)
    return old, page


@pytest.mark.parametrize("scripts", [True, False])
def test_one_is_chosen_and_the_login_goes_through(open_page: Open, scripts: bool) -> None:
    """To where it was to lead; what is missing is said first."""
    old, page = _asked(open_page, java_script_enabled=scripts)
    button = page.get_by_role("button", name="Log out there and log in here")

    button.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed")
    page.get_by_role("group", name="Devices to log out").get_by_role("checkbox").check()
    button.click()

    expect(page).to_have_url("/cars/add/?brand=Fiat")
    assert is_logged_in(page)
    assert not is_logged_in(old)


def test_cancelled(open_page: Open) -> None:
    """No user is logged in, and the Back button brings nothing back."""
    old, page = _asked(open_page)

    page.get_by_role("button", name="Cancel").click()
    expect(page).to_have_url("/accounts/login/?next=/cars/add/%3Fbrand%3DFiat")
    page.go_back()
    expect(page).to_have_url("/accounts/login/")

    assert not is_logged_in(page)
    assert is_logged_in(old)


def test_on_a_small_phone(open_page: Open) -> None:
    """All of it is there, and nothing sticks out; the keyboard reaches it."""
    _, page = _asked(open_page, viewport={"width": 320, "height": 640})

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Enter")

    expect(page).to_have_url("/cars/add/?brand=Fiat")
