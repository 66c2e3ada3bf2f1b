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


def alone(opens: Opens) -> Page:
    """Your sessions; there are no others."""
    page = opens("/trial/public/", user="")
    end(page, "admin")
    return opens("/accounts/sessions/", name="patient")


def found_nothing(opens: Opens) -> Page:
    """A search in vain."""
    page = many_sessions(opens)
    page.get_by_role("searchbox").fill("0" * 70)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/?find=*")
    return page


def none_selected(opens: Opens) -> Page:
    """End selected, but none is."""
    page = many_sessions(opens)
    page.goto("/accounts/sessions/end/")
    return page


def sessions_after(opens: Opens) -> Page:
    """Your sessions, with what has just happened."""
    page = end_session(opens)
    page.locator("main .logout-danger").click()
    page.locator(".logout-notices").wait_for()
    return page


def goodbye_everywhere(opens: Opens) -> Page:
    """Logged out on all devices."""
    page = question_everywhere(opens)
    page.locator("main .logout-danger").click()
    page.locator("main form").wait_for(state="detached")
    return page


def too_many_cookies(opens: Opens) -> Page:
    """Logged out, but perhaps not."""
    page = opens("/accounts/logout/", name="few-cookies")
    own = [each for each in page.context.cookies() if each["name"] == "sessionid"]
    for path in ("/accounts/", "/accounts/logout/"):
        page.context.add_cookies([{**own[0], "path": path, "value": path.strip("/") * 3}])
    _without_scripts(page)
    page.locator("main .logout-button").first.click()
    page.get_by_role("alert").wait_for()
    return page


def still_logged_in(opens: Opens) -> Page:
    """You are still logged in."""
    return opens("/trial/still-logged-in/", user="")


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


def too_few(opens: Opens) -> Page:
    """The same, after none was chosen."""
    page = choose(opens)
    page.locator("main .logout-button").first.click()
    page.locator("#logout-too-few").wait_for()
    return page


#: Log out as the script does, and let the applications hear of it before the page is opened.
LOG_OUT = """
async () => {
  const body = new FormData(document.querySelector("main form"));
  body.set("provider", "no");
  const headers = { Accept: "application/json" };
  const logout = await fetch("/accounts/logout/", { method: "POST", body, headers });
  return logout.ok && (await fetch("/trial/settle/", { credentials: "omit" })).ok;
}
"""
#: Where the car site is connected to others, and users have tokens.
CONNECTED = "connected"


def tokens(opens: Opens) -> Page:
    """Sessions, with those of apps, API keys and other sites."""
    page = opens("/trial/public/", name=CONNECTED, user="")
    assert page.evaluate("async () => (await fetch('/trial/tokens/')).ok")
    page = opens("/", name=CONNECTED)
    return _connected(page, "choice", "/accounts/sessions/")


def end_token(opens: Opens) -> Page:
    """End the login of an app?"""
    page = tokens(opens)
    page.get_by_role("link", name="Rally club").click()
    page.wait_for_url("**/end/")
    return page


def end_others_and_tokens(opens: Opens) -> Page:
    """End all other sessions and app logins?"""
    page = tokens(opens)
    page.locator(".logout-bar a").click()
    page.wait_for_url("**/end-others/")
    return page


def question_at_provider(opens: Opens) -> Page:
    """Log out here, or at the provider too?"""
    page = opens("/", name=CONNECTED)
    return _connected(page, "choice", "/accounts/logout/")


def goodbye_here(opens: Opens) -> Page:
    """Logged out here, and not at the provider."""
    page = question_at_provider(opens)
    _without_scripts(page)
    page.locator("[name=provider][value=no]").check()
    page.locator("main .logout-button").first.click()
    page.get_by_role("alert").wait_for()
    return page


def goodbye_at_provider(opens: Opens) -> Page:
    """Logged out at the provider too."""
    return opens("/trial/returned/", name=CONNECTED, user="")


def goodbye_at_applications(opens: Opens) -> Page:
    """Logged out, and which applications know of it."""
    page = question_at_provider(opens)
    assert page.evaluate(LOG_OUT)
    page.goto("/accounts/logout/")
    return page


def one_more_step(opens: Opens) -> Page:
    """On the way to the provider; where no script runs, the user presses a button."""
    page = opens("/", name=CONNECTED)
    _connected(page, "form", "/accounts/logout/")
    _without_scripts(page)
    page.locator("main .logout-button").first.click()
    page.locator("#django-logout-continue").wait_for()
    return page


def provider_question(opens: Opens) -> Page:
    """Log out at this provider?"""
    page = opens("/", name=CONNECTED)
    return _connected(page, "choice", "/o/logout/?client_id=Spare%20parts")


def _without_scripts(page: Page) -> None:
    """Load it again so that its forms are sent by the browser itself: what Firefox, as it is driven,
    sends for a script is not in the language of the page."""
    page.route("**/*.js", lambda route: route.abort())
    page.reload()


def _connected(page: Page, provider: str, path: str) -> Page:
    assert page.evaluate("async url => (await fetch(url)).ok", f"/trial/connect/{provider}/")
    page.goto(path)
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
    too_few,
    alone,
    found_nothing,
    none_selected,
    sessions_after,
    goodbye_everywhere,
    too_many_cookies,
    still_logged_in,
    tokens,
    end_token,
    end_others_and_tokens,
    question_at_provider,
    goodbye_at_provider,
    goodbye_here,
    goodbye_at_applications,
    one_more_step,
    provider_question,
)
