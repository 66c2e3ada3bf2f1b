"""Tabs of a browser without ``BroadcastChannel``: storage nudges them, and keeps nothing."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open, log_in
from tests.e2e.script import another_tab, end_session, is_hidden, look_at

SECRET = "Only logged-in users can see this page."
#: Before the script runs; what it says by way of storage is noted.
WITHOUT = """
delete window.BroadcastChannel;
window.said = [];
addEventListener("storage", ({ newValue }) => said.push(newValue));
"""


@pytest.fixture
def tabs(open_page: Open) -> tuple[Page, Page]:
    """Open two tabs; in the second one the user is typing."""
    first = open_page(user="customer")
    first.context.add_init_script(WITHOUT)
    first.goto("/ways/plain/")
    second = another_tab(first)
    second.fill("[name=brand]", "Puma")
    return first, second


@pytest.mark.parametrize("place", ["banner", "main"])
def test_logging_out_in_one_reaches_the_other_at_once(tabs: tuple[Page, Page], place: Any) -> None:
    """Long before it would ask: by the script's own request, whatever becomes of the next page; and
    by a form that it does not know, whose next page tells."""
    first, second = tabs
    if place == "banner":
        first.route(lambda url: urlsplit(url).path == "/", lambda route: route.fulfill(status=204))

    first.get_by_role(place).get_by_role("button", name="Log out").click()

    expect(second.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert is_hidden(second, SECRET)
    assert set(second.evaluate("said")) == {"1", None}
    assert second.evaluate("localStorage.length") == 0


def test_logging_in_again_brings_it_back(tabs: tuple[Page, Page]) -> None:
    """With what was typed, and a token of the new login."""
    first, second = tabs
    end_session(second)
    look_at(second)
    expect(second.get_by_role("dialog")).to_be_visible()
    token = second.locator("main [name=csrfmiddlewaretoken]").get_attribute("value")

    log_in(first)

    expect(second.get_by_role("dialog")).to_have_count(0)
    assert second.input_value("[name=brand]") == "Puma"
    assert second.locator("main [name=csrfmiddlewaretoken]").get_attribute("value") != token


def test_answers_set_off_no_questions(tabs: tuple[Page, Page]) -> None:
    """Or two tabs would ask without end."""
    first, second = tabs
    asked: list[str] = []
    first.context.on("request", lambda request: asked.append(request.url))

    begun = second.evaluate("performance.now()")
    first.reload()
    second.wait_for_timeout(1500)
    look_at(second)
    second.wait_for_timeout(1500)
    seconds = (second.evaluate("performance.now()") - begun) / 1000

    assert 1 <= len([url for url in asked if "/accounts/session/" in url]) <= max(3, seconds)
