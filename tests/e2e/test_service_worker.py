"""F43: pages that a service worker has stored."""

import pytest
from playwright.sync_api import Error, Page

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import LOG_OUT, end, shows_secret

REGISTER = """
async (url) => {
  await navigator.serviceWorker.register(url);
  await navigator.serviceWorker.ready;
}
"""


@pytest.mark.parametrize(
    ("scheme", "name", "kind", "reason", "shown"),
    [
        ("https", "www", "naive", "button", True),  # what there is to cure
        ("https", "clear-storage", "naive", "button", False),
        ("http", "clear-storage", "naive", "button", False),
        ("https", "no-store", "recipe", "button", False),
        ("http", "no-store", "recipe", "button", False),
        ("https", "no-store", "recipe", "admin", False),
    ],
)
def test_what_a_worker_has_stored(
    open_page: Open, variant: Variant, scheme: str, name: str, kind: str, reason: str, shown: bool
) -> None:
    """With the recipe of the documentation it stores nothing private; otherwise it can be cleared."""
    page = open_page("/trial/public/", base_url=variant(scheme, name), user="customer")
    page.evaluate(REGISTER, f"/worker-{kind}.js")
    for path in ("/trial/public/", "/trial/page/secret/"):
        page.goto(path)
    assert shows_secret(page)

    if reason == "button":
        page.evaluate(LOG_OUT)
    else:
        end(page, reason)

    assert _opens_secret(page) is shown
    if name == "clear-storage":
        return  # the worker is gone, and serves nothing
    page.context.set_offline(True)
    page.goto("/trial/public/")  # it works offline, with what is for everybody
    assert "public" in page.content()
    assert _opens_secret(page) is shown


def _opens_secret(page: Page) -> bool:
    try:
        page.goto("/trial/page/secret/")
    except Error as error:
        assert "ERR" in error.message  # noqa: PT017 - being offline is an answer too
        return False
    return shows_secret(page)
