"""The pages of the package in the admin, and how a browser comes to them."""

from typing import Any

from playwright.sync_api import Page

from tests.e2e.pages import CONNECTED, Opens

ADMIN = "/admin/django_logout"


def sessions(opens: Opens) -> Page:
    """The list of sessions."""
    page = opens("/trial/public/", name="patient", user="")
    assert page.evaluate("async () => (await fetch('/trial/month/')).ok")
    return opens(f"{ADMIN}/loginsession/", name="patient", user="admin")


def session(opens: Opens) -> Page:
    """One session."""
    page = sessions(opens)
    page.locator("#result_list tbody th a").nth(1).click()
    page.wait_for_url("**/change/**")
    return page


def endings(opens: Opens) -> Page:
    """The list of endings, with its chart."""
    page = sessions(opens)
    page.goto(f"{ADMIN}/logoutevent/")
    return page


def ending(opens: Opens) -> Page:
    """One ending, with its outcomes."""
    page = opens("/trial/devices/", name="patient", user="")
    page = opens(f"{ADMIN}/logoutevent/", name="patient", user="admin")
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")
    return page


def question(opens: Opens) -> Page:
    """Log out this user?"""
    page = user_page(opens)
    # A theme may have put the link behind a tab.
    page.goto(str(page.locator("a[href$='/log-out/']").get_attribute("href")))
    return page


def user_page(opens: Opens) -> Page:
    """The page of a user."""
    page = sessions(opens)
    page.goto("/admin/auth/user/?q=customer")
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_url("**/change/**")
    return page


def application(opens: Opens) -> Page:
    """An application that hears of logouts."""
    page = sessions(opens)
    page.goto("/admin/django_logout_federation/logoutclient/add/")
    return page


def logout(opens: Opens) -> Page:
    """Log out of the admin?"""
    page = sessions(opens)
    page.goto("/admin/logout/")
    return page


def ending_told(opens: Opens) -> Page:
    """One ending, of which applications were told."""
    opens("/trial/tokens/", name=CONNECTED, user="")
    page = opens(f"{ADMIN}/logoutevent/", name=CONNECTED, user="admin")
    page.locator("#result_list tbody th a").first.click()
    page.locator("#deliveries-group").wait_for()
    return page


def session_at_provider(opens: Opens) -> Page:
    """One session, which was logged in at a provider."""
    opens("/trial/tokens/", name=CONNECTED, user="")
    page = opens(f"{ADMIN}/loginsession/?q=iPhone", name=CONNECTED, user="admin")
    page.locator("#result_list tbody th a").first.click()
    page.locator("#provider_links-group").wait_for()
    return page


ALL: tuple[Any, ...] = (
    sessions,
    session,
    endings,
    ending,
    question,
    user_page,
    application,
    logout,
)
