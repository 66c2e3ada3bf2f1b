"""F45: what cures Back. What browsers do with pages that have no script of ours."""

import pytest

from tests.e2e.browsers import is_firefox
from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import end, go, press, shows_secret

#: Firefox never keeps a page that has no-store.
ONLY_CHROMIUM = "chromium"


@pytest.mark.parametrize(
    ("scheme", "name", "reason", "shown"),
    [
        ("https", "www", "button", True),
        ("https", "www", "admin", True),
        ("https", "no-store", "button", False),
        ("http", "no-store", "button", False),
        # The limit of no-store, and why there is a script: no cookie has changed.
        ("https", "no-store", "admin", ONLY_CHROMIUM),
        ("http", "no-store", "admin", ONLY_CHROMIUM),
        ("https", "clear-storage", "button", True),
    ],
)
def test_back_without_a_script(
    open_page: Open, variant: Variant, scheme: str, name: str, reason: str, shown: bool | str
) -> None:
    """``no-store`` and the change of the cookie together cure it, where the button is pressed."""

    def seen() -> bool:
        page = open_page("/trial/page/secret/", base_url=variant(scheme, name), user="customer")
        if reason == "button":
            press(page)
        else:
            page.goto("/trial/public/")
            end(page, reason)
        go(page, -1)
        return shows_secret(page)

    if shown == ONLY_CHROMIUM:
        shown = not is_firefox(open_page("/trial/public/", base_url=variant(scheme, name)))
    # What a browser keeps it may drop, where it is short of memory.
    assert any(seen() for _ in range(3 if shown else 1)) is shown
