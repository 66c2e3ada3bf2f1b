"""F40: Back and Forward show nothing private once the session has ended, whatever ended it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import end, end_others, go, wait_until_loaded

#: Each says whose it is, in its head.
PRIVATE = ("/cars/add/", "/ways/json/")


@pytest.mark.parametrize("reason", ["button", "admin", "device", "idle"])
@pytest.mark.parametrize(
    ("scheme", "name"), [("http", "www"), ("https", "www"), ("https", "no-store")]
)
def test_back_and_forward_show_nothing_private(
    open_page: Open, variant: Variant, scheme: str, name: str, reason: str
) -> None:
    """Twice back and twice forward, in this tab and in another."""
    page = open_page(base_url=variant(scheme, name), user="customer")
    tab = page.context.new_page()
    for each in (page, tab):
        for path in PRIVATE:
            each.goto(path)
            expect(each.get_by_role("banner")).to_contain_text("customer")

    if reason == "button":
        page.get_by_role("banner").get_by_role("button", name="Log out").click()
        page.wait_for_url("/")
    elif reason == "device":
        _end_from_another_device(open_page, variant(scheme, name))
    else:
        end(page, reason)
    for each in (page, tab):
        each.goto("/trial/public/")
        for steps in (-1, -1, 1, 1):
            go(each, steps)
            _expect_nothing_private(each)


def test_admin_pages_do_not_show_the_secret_after_going_back(
    open_page: Open, variant: Variant
) -> None:
    """They have no script of ours; but Django marks them, and the cookie goes."""
    page = open_page("/admin/", base_url=variant("https", "www"), user="admin")
    page.goto("/admin/auth/user/")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("/admin/logout/")

    for steps in (-1, -1, 1):
        go(page, steps)
        expect(page.locator("#login-form")).to_be_visible()


def _end_from_another_device(open_page: Open, origin: str) -> None:
    device = open_page("/accounts/sessions/", base_url=origin, user="customer")
    end_others(device)
    expect(device.get_by_role("status")).to_contain_text("Sessions ended")


def _expect_nothing_private(page: Page) -> None:
    """The page has been fetched anew, or was covered when it was left: not for a moment is there
    a user's name to be seen."""
    wait_until_loaded(page)
    assert not page.locator(".who").is_visible()
