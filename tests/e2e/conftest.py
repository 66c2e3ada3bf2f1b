"""A real browser on the real car site."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests import services
from tests.carsite import environment, fill, serving

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Origin of the site."""
    folder = tmp_path_factory.mktemp("cars")
    env = environment(folder, DJANGO_SETTINGS_MODULE="tests.e2e.settings")
    fill(env)
    with serving(env) as origin:
        yield origin


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. It ends with this folder: Playwright's event loop would stop Django elsewhere."""
    with sync_playwright() as playwright:
        path = services.chromium()
        with playwright.chromium.launch(executable_path=path, args=SWITCHES) as browser:
            yield browser


@pytest.fixture
def open_page(site: str, browser: Browser) -> Iterator[Open]:
    """Opens a page in a browser profile of its own; nothing may be refused by the policy."""
    contexts: list[BrowserContext] = []
    refused: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def opened(path: str = "/", *, user: str = "", **options: Any) -> Page:
        context = browser.new_context(base_url=site, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        context.on("console", listen)
        page = context.new_page()
        if user:
            log_in(page, user)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not refused


def log_in(page: Page, user: str = "customer") -> None:
    """By the form, as everybody does."""
    page.goto("/accounts/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", f"{user}-{user}")
    page.click("main form button")
    page.wait_for_url("/")


def is_logged_in(page: Page) -> bool:
    """Whether this browser may see a private page."""
    private = page.context.request.get("/cars/add/", max_redirects=0)
    assert private.status in {200, 302}
    return private.status == 200
