"""The browsers that Playwright drives: how each is started, and what each is like."""

import os
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright

from tests import services

#: Names of hosts that lead to this machine. A browser is told when it starts.
HOSTS = (
    "www",
    "no-store",
    "no-redirect",
    "one",
    "host-prefix",
    "clear-storage",
    "clear-cache",
    "clear-cookies",
    "clear-ahead",
    "clear-contexts",
    "evil",
    "shop",
    "watched",
)
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.cars.test 127.0.0.1",
]


class Engine(ABC):
    """A browser, with as many profiles as wanted."""

    name: str

    def __init__(self, playwright: Playwright, closing: ExitStack) -> None:
        """Start it; it is stopped with ``closing``."""
        self.playwright, self.closing = playwright, closing

    @abstractmethod
    def context(self, **options: Any) -> BrowserContext:
        """Return a new profile, by Playwright's options for one."""


class Chromium(Engine):
    """It trusts the site's certificate: with errors that are merely ignored it would cache nothing."""

    name = "chromium"

    def __init__(self, playwright: Playwright, closing: ExitStack, pin: str) -> None:
        """Start it.

        Args:
            playwright: What drives it.
            closing: Stops it.
            pin: Hash of the key to trust, as of ``--ignore-certificate-errors-spki-list``.
        """
        super().__init__(playwright, closing)
        self.browser: Browser = closing.enter_context(
            playwright.chromium.launch(
                executable_path=services.chromium(),
                args=[*SWITCHES, f"--ignore-certificate-errors-spki-list={pin}"],
                # People's browsers keep pages for the Back button; Playwright would not.
                ignore_default_args=["--disable-back-forward-cache"],
            )
        )

    def context(self, **options: Any) -> BrowserContext:
        """Return a new profile."""
        return self.browser.new_context(**options)


class Firefox(Engine):
    """The ESR of the distribution, by WebDriver BiDi.

    It cannot emulate media features, so the colour scheme is a preference of the whole browser: a
    second one is started for the dark.
    """

    name = "firefox"
    SCHEMES = {"dark": 0, "light": 1}

    def __init__(self, playwright: Playwright, closing: ExitStack) -> None:
        """Start none before it is wanted."""
        super().__init__(playwright, closing)
        self.browsers: dict[str, Browser] = {}

    def context(self, *, color_scheme: str = "light", **options: Any) -> BrowserContext:
        """Return a new profile of the browser that prefers this colour scheme."""
        if color_scheme not in self.browsers:
            self.browsers[color_scheme] = self._launch(color_scheme)
        unset = dict.fromkeys(("reduced_motion", "forced_colors", "contrast"), "null")
        return self.browsers[color_scheme].new_context(
            ignore_https_errors=True, **{"color_scheme": "null", **unset, **options}
        )

    def _launch(self, scheme: str) -> Browser:
        preferences: dict[str, str | float | bool] = {
            "network.dns.localDomains": ",".join(f"{host}.cars.test" for host in HOSTS),
            "layout.css.prefers-color-scheme.content-override": self.SCHEMES[scheme],
        }
        return self.closing.enter_context(
            self.playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=services.firefox(),
                firefox_user_prefs=preferences,
                # It does not start as root in another user's home.
                env={**os.environ, "HOME": os.path.expanduser("~")},  # noqa: PTH111 - HOME may be
            )
        )
