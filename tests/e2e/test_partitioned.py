"""Cookies with ``Partitioned`` (CHIPS), in a frame on another site and in a tab of their own.

Playwright's browser profiles block all other cookies in such a frame.
"""

import pytest
from playwright.sync_api import Frame

from tests.e2e.browsers import is_firefox
from tests.e2e.conftest import Open, Variant

pytestmark = pytest.mark.smoke

SEND = "async step => await (await fetch(`/trial/embedded/${step}/`, {method: 'POST'})).text()"


@pytest.mark.parametrize("framed", [True, False], ids=["frame", "tab"])
@pytest.mark.parametrize(
    ("name", "left"),
    [("partitioned", ""), ("not-told", "chat sessionid")],
    ids=["told", "not told"],
)
def test_partitioned_cookies_are_deleted_if_the_settings_say_so(
    open_page: Open, variant: Variant, name: str, left: str, framed: bool
) -> None:
    """A header without the attribute leaves them in the browser."""
    page_of_ours = f"{variant('https', name)}/trial/embedded/look/"
    start = f"/trial/frame/?page={page_of_ours}" if framed else page_of_ours
    page = open_page(start, base_url=variant("http", "www"))
    found = page.main_frame
    if framed:  # Firefox may name it later than it has loaded the page
        handle = page.locator("iframe").element_handle()
        found = handle.content_frame()
    assert isinstance(found, Frame)
    if framed and is_firefox(page):  # it has one jar for all cookies of a frame on another site
        left = ""
    found.wait_for_load_state()
    found.evaluate(SEND, "login")
    assert found.evaluate(SEND, "look") == "chat sessionid"

    found.evaluate(SEND, "logout")

    assert found.evaluate(SEND, "look") == left
