"""Moving about in a tab's history, and what is to be seen there."""

from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from tests.waiting import PATIENCE

#: What the private pages say, and no other.
SECRET = "of customer"


def go(page: Page, steps: int) -> None:
    """Back (-1) or forward (1), as by the browser's own buttons; waits until a page is there."""
    before = _address(page)
    page.evaluate("steps => void setTimeout(() => history.go(steps))", steps)
    for _ in range(PATIENCE * 50):
        if _address(page) not in {before, None}:
            return
        page.wait_for_timeout(20)
    pytest.fail(f"The history does not lead away from {before}.")


def _address(page: Page) -> Any:
    """Ask the page itself: of those that Firefox has kept, Playwright does not know that they are
    back. None while there is none."""
    with suppress(Error):
        return page.evaluate("location.href")
    return None


def end(page: Page, reason: str) -> None:
    """End all sessions from elsewhere: the request for it has no cookie."""
    url = f"/trial/end/{reason}/"
    assert page.evaluate("async url => (await fetch(url, {credentials: 'omit'})).ok", url)


def press(page: Page) -> None:
    """The plain button of a trial page."""
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/trial/public/")


def wait_until_loaded(page: Page) -> None:
    """Or loaded anew. A page that comes back fires no event; and to ask again and again, Playwright's
    own ``wait_for_function`` needs an eval that strict policies forbid."""
    for _ in range(1000):
        with suppress(Error):  # it goes this very moment
            if page.evaluate("document.readyState") == "complete":
                return
        page.wait_for_timeout(20)
    pytest.fail("The page does not come to an end.")


def shows_secret(page: Page) -> bool:
    """Whether the page at hand is a private one."""
    wait_until_loaded(page)
    return SECRET in page.content()


def end_others(page: Page) -> None:
    """End all other sessions, on the sessions page and then on the page that asks."""
    page.get_by_role("link", name="End all other sessions").click()
    page.get_by_role("button", name="End all of them").click()
    page.get_by_role("status").wait_for()


#: The button of a page, pressed in another tab, say: this one stays where it is.
LOG_OUT = """
async () => {
  const form = new FormData(document.querySelector("form[action='/accounts/logout/']"));
  const answer = await fetch("/accounts/logout/", {method: "POST", body: form});
  if (!answer.ok) throw answer.status;
}
"""
