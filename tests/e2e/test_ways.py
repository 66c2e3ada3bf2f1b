"""Every way to log out that the first page links to, pressed by hand."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, is_logged_in

#: Where each way leads. Those that need more than one press are tests of their own.
WAYS = {
    "function": "/",
    "plain": "/",
    "class": "/",
    "login": "/accounts/login/",
    "goodbye": "/logout/goodbye/",
    "htmx": "/",
    "admin": "/admin/logout/",
}


def _press(page: Page) -> None:
    page.locator("main").get_by_role("button").click()


def _assert_ended(page: Page, copied: Page) -> None:
    assert not is_logged_in(page)
    assert not is_logged_in(copied), "a copy of the cookie still works"


@pytest.fixture
def pages(open_page: Open) -> tuple[Page, Page]:
    """A browser with a login and something in the cart, and another with a copy of its cookies."""
    page = open_page(user="customer")
    page.get_by_role("button", name="Add to cart: Fiat Uno 1994").click()
    expect(page.get_by_role("complementary")).to_contain_text("R$ 16,900")
    copied = open_page()
    copied.context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    assert is_logged_in(copied)
    page.bring_to_front()
    return page, copied


@pytest.mark.parametrize("way", WAYS)
def test_way_ends_the_session(pages: tuple[Page, Page], way: str) -> None:
    """It leads where it says, and nothing of the session works any more, cart included."""
    page, copied = pages
    page.goto(f"/ways/{way}/")
    _press(page)
    page.wait_for_url(WAYS[way])
    _assert_ended(page, copied)
    page.goto("/")
    expect(page.get_by_role("complementary")).to_contain_text("Your cart is empty.")


@pytest.mark.smoke
def test_button_of_every_page_says_that_it_is_done(pages: tuple[Page, Page]) -> None:
    """The button in the corner leads to the cars, where a message confirms it."""
    page, copied = pages
    page.goto("/ways/json/")
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    page.wait_for_url("/")
    expect(page.get_by_role("status")).to_have_text("You have been logged out.")
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
    _assert_ended(page, copied)


def test_link_asks_first(pages: tuple[Page, Page]) -> None:
    """Following the link ends nothing; the button on the page it opens does."""
    page, copied = pages
    page.goto("/ways/question/")
    page.get_by_role("main").get_by_role("link", name="Log out this way").click()
    expect(page.get_by_role("heading")).to_have_text("Log out?")
    assert is_logged_in(page)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("/")
    _assert_ended(page, copied)


@pytest.mark.smoke
def test_fetch_is_told_what_has_ended(pages: tuple[Page, Page]) -> None:
    """JSON, shown on the page, with a link onwards that has the focus."""
    page, copied = pages
    page.goto("/ways/json/")
    _press(page)
    expect(page.locator(".answer")).to_contain_text(re.compile(r'"session": 1\b'))
    expect(page.get_by_role("link", name="Continue")).to_be_focused()
    _assert_ended(page, copied)


def test_cart_can_be_kept(pages: tuple[Page, Page]) -> None:
    """What is named stays, in a new session; the old one has ended all the same."""
    page, copied = pages
    page.goto("/ways/cart/")
    _press(page)
    page.wait_for_url("/")
    expect(page.get_by_role("complementary")).to_contain_text("Fiat Uno 1994")
    _assert_ended(page, copied)
    copied.goto("/")
    expect(copied.get_by_role("complementary")).to_contain_text("Your cart is empty.")


def test_explain_prints_what_happens(pages: tuple[Page, Page]) -> None:
    """The command's table, on a session of its own: the visitor stays logged in."""
    page, _ = pages
    page.goto("/ways/explain/")
    _press(page)
    expect(page.locator("samp")).to_contain_text("db")
    assert is_logged_in(page)


@pytest.mark.parametrize("way", ["function", "json", "htmx", "cart"])
def test_way_works_without_scripts(open_page: Open, way: str) -> None:
    """Buttons are forms, whatever a script may make of them."""
    page = open_page(f"/ways/{way}/", user="customer", java_script_enabled=False)
    _press(page)
    page.wait_for_url("/")
    assert not is_logged_in(page)


def test_old_link_to_the_function_view_asks(open_page: Open) -> None:
    """The documents' link is met by a question, neither by a blank page nor by a logout."""
    page = open_page("/logout/", user="customer")
    expect(page.get_by_role("heading")).to_have_text("Log out?")
    assert is_logged_in(page)


@pytest.mark.smoke
def test_admin_ends_the_session_of_its_own_people(open_page: Open) -> None:
    """The button in the admin's corner."""
    page = open_page("/admin/", user="admin")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("/admin/logout/")
    assert not is_logged_in(page)
