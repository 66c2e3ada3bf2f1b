"""Two tabs, two sites: what else a browser may send."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Open, is_logged_in, log_in


def _log_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()


@pytest.mark.smoke
def test_old_tab_logs_out_after_a_new_login(open_page: Open) -> None:
    """F20: its token is stale, and without a script to tell it, it is no dead end."""
    old = open_page(user="customer", java_script_enabled=False)
    new = old.context.new_page()
    new.goto("/")
    _log_out(new)
    log_in(new)
    _log_out(old)
    assert not is_logged_in(new)


def test_old_tab_of_a_plain_view_says_what_to_do(open_page: Open) -> None:
    """Django's own check refuses it there; the page that says so leads to a button that works."""
    old = open_page("/ways/plain/", user="customer", java_script_enabled=False)
    new = old.context.new_page()
    new.goto("/")
    _log_out(new)
    log_in(new)
    old.get_by_role("main").get_by_role("button").click()
    old.get_by_role("link", name="Log out").click()
    old.get_by_role("button", name="Log out").click()
    expect(old.get_by_role("heading")).to_have_text("Logged out")
    assert not is_logged_in(new)


@pytest.mark.smoke
def test_private_page_leads_to_the_login_and_back(open_page: Open) -> None:
    """After logging out the address opens the login page, which leads back to it."""
    page = open_page("/cars/add/?from=tab", user="customer")
    _log_out(page)
    page.goto("/cars/add/?from=tab")
    page.fill("[name=username]", "customer")
    page.fill("[name=password]", "customer-customer")
    page.click("main form button")
    page.wait_for_url("/cars/add/?from=tab")


@pytest.mark.parametrize("attacker", ["http://localhost:{port}", "http://127.0.0.1:50001"])
@pytest.mark.parametrize("path", ["/accounts/logout/", "/logout/", "/logout/class/"])
def test_form_of_another_origin_does_not_log_out(
    open_page: Open, site: str, attacker: str, path: str
) -> None:
    """Another site, and another origin of the same site, whose requests carry the cookies."""
    page = open_page(user="customer")
    trap = attacker.format(port=site.rpartition(":")[2]) + "/trap"

    def show(route: Route) -> None:
        form = f'<form method="post" action="{site}{path}"><button>Win a car</button></form>'
        route.fulfill(body=form, content_type="text/html")

    page.context.route(trap, show)
    page.goto(trap)
    with page.expect_navigation(url=f"{site}{path}") as navigation:
        page.get_by_role("button").click()
    assert navigation.value.status == 403
    assert is_logged_in(page)
