"""F44: what each value of ``Clear-Site-Data`` clears, and what it does not."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import LOG_OUT

LEAVE = """
async () => {
  localStorage.draft = "private";
  await (await caches.open("pages")).put("/draft", new Response("private"));
  document.cookie = "host=1";
  document.cookie = "domain=1; Domain=cars.test";
  globalThis.stored = await (await fetch("/trial/stored/")).text();
}
"""
FIND = """
async () => {
  return {
    storage: Boolean(localStorage.draft || await caches.has("pages")),
    host: document.cookie.includes("host="),
    domain: document.cookie.includes("domain="),
    cache: stored === await (await fetch("/trial/stored/")).text(),
  };
}
"""
ALL = {"storage": True, "host": True, "domain": True, "cache": True}

OTHER_HOSTS = pytest.mark.lacks(firefox="the clearing of cookies of other hosts of the domain")


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("www", set()),
        ("clear-storage", {"storage"}),
        ("clear-cache", {"cache"}),
        pytest.param("clear-cookies", {"host", "domain"}, marks=OTHER_HOSTS),
        ("clear-ahead", set()),
        ("clear-contexts", set()),
    ],
)
def test_what_is_cleared(open_page: Open, variant: Variant, name: str, gone: set[str]) -> None:
    """And the tab goes on as it was, whatever the value: it still knows what it has read."""
    page = open_page("/trial/page/secret/", base_url=variant("https", name), user="customer")
    page.evaluate(LEAVE)
    assert page.evaluate(FIND) == ALL

    page.evaluate(LOG_OUT)

    assert page.evaluate(FIND) == ALL | dict.fromkeys(gone, False)


@pytest.mark.smoke
@OTHER_HOSTS
def test_cookies_are_cleared_for_the_whole_domain(open_page: Open, variant: Variant) -> None:
    """What the warning is about: other sites, and other ports, of the same domain."""
    page = open_page(
        "/trial/page/secret/", base_url=variant("https", "clear-cookies"), user="customer"
    )
    sibling: dict[str, Any] = {
        "name": "theirs",
        "value": "1",
        "domain": "shop.cars.test",
        "path": "/",
    }
    page.context.add_cookies([sibling])  # type: ignore[list-item]

    page.evaluate(LOG_OUT)

    assert _cookies(page) == set()


def test_storage_leaves_other_origins_alone(open_page: Open, variant: Variant) -> None:
    """Those of another host, and the cookies of all."""
    page = open_page(
        "/trial/page/secret/", base_url=variant("https", "clear-storage"), user="customer"
    )
    other = page.context.new_page()
    other.goto(variant("https", "www") + "/trial/public/")
    other.evaluate("localStorage.theirs = 1")

    page.evaluate(LOG_OUT)

    assert other.evaluate("localStorage.theirs") == "1"
    assert "csrftoken" in _cookies(page)


def test_asking_clears_nothing(open_page: Open, variant: Variant) -> None:
    """F47's other half: a GET can be set off by anybody."""
    page = open_page(
        "/accounts/logout/", base_url=variant("https", "clear-storage"), user="customer"
    )
    page.evaluate("localStorage.draft = 'private'")

    page.reload()

    assert page.evaluate("localStorage.draft") == "private"


def _cookies(page: Page) -> set[str]:
    return {str(cookie["name"]) for cookie in page.context.cookies()}  # type: ignore[typeddict-item]
