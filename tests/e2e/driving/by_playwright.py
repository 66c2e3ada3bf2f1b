"""Chromium and Firefox."""

from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page

from tests.e2e.browsers import Chromium, Engine
from tests.e2e.driving.base import Browser, Driver, Gone, Tab
from tests.waiting import PATIENCE


class PlaywrightTab(Tab):
    """A page of Playwright's."""

    def __init__(self, browser: "PlaywrightBrowser", page: Page) -> None:
        """Take a page."""
        super().__init__(browser)
        self.page = page

    def load(self, url: str) -> None:
        """Load a page."""
        self.page.goto(url)

    def ask(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page."""
        try:
            return self.page.evaluate(f"(all) => ({function})(...all)", list(arguments))
        except Error as error:
            if "context was destroyed" in error.message or "navigat" in error.message.lower():
                raise Gone(error.message) from error
            raise

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.page.click(selector)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.page.fill(selector, text)

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def close(self) -> None:
        """Close it."""
        self.page.close()


class PlaywrightBrowser(Browser):
    """A context of Playwright's."""

    def __init__(self, name: str, context: BrowserContext) -> None:
        """Take a context."""
        self.name, self.context = name, context
        context.set_default_timeout(PATIENCE * 1000)

    def tab(self) -> Tab:
        """Return a new tab."""
        return PlaywrightTab(self, self.context.new_page())

    def tabs(self) -> list[Tab]:
        """Return all tabs. Playwright hears of new ones while it waits for something."""
        self.context.cookies()
        return [PlaywrightTab(self, page) for page in self.context.pages]

    def cookies(self, tab: Tab) -> dict[str, str]:
        """Return the cookies of the page."""
        found: Any = self.context.cookies(tab.evaluate("() => location.href"))
        return {cookie["name"]: cookie["value"] for cookie in found}

    def remove_cookie(self, tab: Tab, name: str) -> None:
        """Take a cookie away."""
        self.context.clear_cookies(name=name)

    def memory(self, tab: Tab) -> int | None:
        """Return what Chromium says."""
        if self.name != "chromium":
            return None
        assert isinstance(tab, PlaywrightTab)
        devtools = self.context.new_cdp_session(tab.page)
        devtools.send("HeapProfiler.collectGarbage")
        used: int = devtools.send("Runtime.getHeapUsage")["usedSize"]
        devtools.detach()
        return used

    def close(self) -> None:
        """Leave the pages first: Chromium may wait for ever for one that is on its way."""
        for page in self.context.pages:
            with suppress(Error):
                page.goto("about:blank")
        self.context.close()


class PlaywrightDriver(Driver):
    """An engine of ``tests.e2e.browsers``."""

    def __init__(self, engine: Engine) -> None:
        """Take one."""
        self.engine = engine
        self.name = "chromium" if isinstance(engine, Chromium) else "firefox"

    @property
    def version(self) -> str:
        """Version of the engine."""
        context = self.engine.context()
        browser = context.browser
        assert browser is not None
        context.close()
        return browser.version

    def browser(self) -> Browser:
        """Start one with a new profile."""
        return PlaywrightBrowser(self.name, self.engine.context())
