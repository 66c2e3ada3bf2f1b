"""``python -m tests.e2e.screenshot``: the README's picture of the car site, made anew."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests import services
from tests.e2e.browsers import SWITCHES
from tests.e2e.conftest import log_in
from tests.example_site import EXAMPLE, environment, fill, serving

PICTURE = EXAMPLE.parent / "docs" / "_static" / "car-site.png"


def make(origin: str) -> None:
    """Take a picture of the first page, with a user who is logged in and cars in the cart."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.chromium(), args=SWITCHES)
        page = browser.new_page(base_url=origin, viewport={"width": 1200, "height": 1000})
        log_in(page)
        for car in ("Fiat 147 1980", "Volkswagen Fusca 1974"):
            page.get_by_role("button", name=f"Add to cart: {car}").click()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        fill(env)
        with serving(env) as origin:
            make(origin)
