"""Every page of the package's own, and how a browser comes to it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.e2e.navigation import end

#: Opens a page in a browser with a user who is logged in, or an anonymous one; takes a variant's name.
Opens = Callable[..., Page]


def question(opens: Opens) -> Page:
    """Log out?"""
    return opens("/accounts/logout/")


def question_everywhere(opens: Opens) -> Page:
    """Log out everywhere?"""
    return opens("/accounts/sessions/end-all/")


def goodbye(opens: Opens) -> Page:
    """Logged out."""
    return opens("/accounts/logout/", user="")


def sessions(opens: Opens) -> Page:
    """Your sessions; there are two."""
    page = opens("/trial/public/", user="")
    end(page, "admin")
    opens("/")
    return opens("/accounts/sessions/")


def sessions_again(opens: Opens) -> Page:
    """The same page, for a user who has to log in again first."""
    page = sessions(opens)
    end(page, "old")
    page.goto("/accounts/sessions/?again=1")
    return page


def many_sessions(opens: Opens) -> Page:
    """Many devices, a program among them, and sessions that have ended."""
    page = opens("/trial/public/", name="patient", user="")
    assert page.evaluate("async () => (await fetch('/trial/devices/')).ok")
    return opens("/accounts/sessions/", name="patient")


def end_session(opens: Opens) -> Page:
    """End this session?"""
    page = many_sessions(opens)
    page.get_by_role("link", name="iPhone").click()
    page.wait_for_url("**/end/")
    return page


def end_selected(opens: Opens) -> Page:
    """End these sessions?"""
    page = many_sessions(opens)
    for box in page.locator(".logout-list > li > input").all()[:3]:
        box.check()
    page.locator(".logout-bar button").click()
    page.wait_for_url("**/end/?*")
    return page


def end_others(opens: Opens) -> Page:
    """End all other sessions?"""
    page = many_sessions(opens)
    page.locator(".logout-bar a").click()
    page.wait_for_url("**/end-others/")
    return page


def session_ended(opens: Opens) -> Page:
    """Your session has ended, and why."""
    page = opens("/", name="no-redirect")
    end(page, "admin")
    page.goto("/cars/add/")
    return page


def not_ended(opens: Opens) -> Page:
    """You may still be logged in."""
    return opens("/trial/not-ended/")


def not_me(opens: Opens) -> Page:
    """Was this you?"""
    return opens("/trial/report/", user="")


def not_me_done(opens: Opens) -> Page:
    """Logged out everywhere."""
    page = opens("/trial/report/", user="")
    page.get_by_role("button").click()
    page.get_by_role("status").wait_for()
    return page


def not_me_unknown(opens: Opens) -> Page:
    """This link is not valid."""
    return opens("/accounts/sessions/not-me/rubbish/", user="")


def choose(opens: Opens) -> Page:
    """As many devices as is allowed."""
    page = opens("/trial/public/", name="one", user="")
    end(page, "admin")
    opens("/", name="one")
    page.goto("/accounts/login/")
    page.fill("[name=username]", "customer")
    page.fill("[name=password]", "customer-customer")
    page.click("main form button")
    page.locator(".logout-choice").wait_for()
    return page


ALL: tuple[Any, ...] = (
    question,
    question_everywhere,
    goodbye,
    sessions,
    sessions_again,
    many_sessions,
    end_session,
    end_selected,
    end_others,
    session_ended,
    not_ended,
    not_me,
    not_me_done,
    not_me_unknown,
    choose,
)
