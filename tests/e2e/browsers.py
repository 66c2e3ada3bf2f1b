"""The browsers that Playwright drives: how each is started, and what each is like."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Route,
    WebError,
)

from tests import services

#: Hosts of this machine, each with settings of its own: ``settings_by_host``.
HOSTS = (
    "www",
    "no-store",
    "no-redirect",
    "one",
    "languages",
    "host-prefix",
    "partitioned",
    "not-told",
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

    def __init__(self, playwright: Playwright, closing: ExitStack) -> None:
        """Arrange that it is stopped when ``closing`` is closed."""
        self.playwright, self.closing = playwright, closing

    @abstractmethod
    def context(self, **options: Any) -> BrowserContext:
        """Return a new profile, by Playwright's options for one."""

    @abstractmethod
    def note_faults(self, context: BrowserContext, faults: list[str]) -> None:
        """Note errors of scripts that are not caught, and what the policy refuses: all but framing,
        which is refused on purpose."""


class Chromium(Engine):
    """It trusts the site's certificate: with errors that are merely ignored it would cache nothing."""

    def __init__(self, playwright: Playwright, closing: ExitStack, pin: str) -> None:
        """Start it.

        Args:
            playwright: What drives it.
            closing: What stops it.
            pin: Hash of the key to trust, as in ``--ignore-certificate-errors-spki-list``.
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

    def note_faults(self, context: BrowserContext, faults: list[str]) -> None:
        """The console has what the policy refuses."""

        def note(message: ConsoleMessage) -> None:
            if "Content Security Policy" in message.text and "frame-ancestors" not in message.text:
                faults.append(message.text)

        context.on("console", note)
        context.on("weberror", lambda found: faults.append(str(found.error)))


class Firefox(Engine):
    """The ESR of the distribution, by WebDriver BiDi.

    Media features cannot be emulated, so the colour scheme is a preference of the whole browser; a
    second one is started for the dark. Nor can a policy be bypassed: it is taken off the pages. Nor
    can scripts be turned off: none is loaded.
    """

    _SCHEMES = {"dark": 0, "light": 1}
    _UNSET = dict.fromkeys(("color_scheme", "reduced_motion", "forced_colors", "contrast"), "null")

    def __init__(self, playwright: Playwright, closing: ExitStack) -> None:
        """Start none before it is wanted."""
        super().__init__(playwright, closing)
        self.browsers: dict[str, Browser] = {}

    def context(
        self,
        *,
        color_scheme: str = "light",
        bypass_csp: bool = False,
        java_script_enabled: bool = True,
        **options: Any,
    ) -> BrowserContext:
        """Return a new profile of the browser that prefers this colour scheme."""
        if color_scheme not in self.browsers:
            self.browsers[color_scheme] = self._launch(color_scheme)
        context = self.browsers[color_scheme].new_context(
            ignore_https_errors=True, **self._UNSET, **options
        )
        if bypass_csp:
            context.route("**/*", _take_policy_off)
        if not java_script_enabled:
            context.route("**/*.js", lambda route: route.abort())
        return context

    def _launch(self, scheme: str) -> Browser:
        preferences: dict[str, str | float | bool] = {
            "network.dns.localDomains": ",".join(f"{host}.cars.test" for host in HOSTS),
            # Or a busy machine's cache loses a race against the network.
            "network.http.rcwn.enabled": False,
            "layout.css.prefers-color-scheme.content-override": self._SCHEMES[scheme],
        }
        return self.closing.enter_context(
            self.playwright.firefox.launch(
                channel="moz-firefox",
                executable_path=services.firefox(),
                firefox_user_prefs=preferences,
            )
        )

    def note_faults(self, context: BrowserContext, faults: list[str]) -> None:
        """What the policy refuses is an error among others, and so is what the browser merely
        mentions, such as a cookie that it does not take; that has no name of an error."""

        def note(found: WebError) -> None:
            error = found.error
            refused = error.name == "Content-Security-Policy"
            thrown = error.name.isidentifier() or error.message.startswith("uncaught exception")
            if thrown or (refused and "(frame-ancestors)" not in error.message):
                faults.append(str(error))

        context.on("weberror", note)


def _take_policy_off(route: Route) -> None:
    if route.request.resource_type != "document" or route.request.method != "GET":
        return route.fallback()
    answer = route.fetch(max_redirects=0)
    headers = dict(answer.headers)
    headers.pop("content-security-policy", None)
    return route.fulfill(response=answer, headers=headers)


def is_firefox(page: Page) -> bool:
    """Return whether a page is shown by Firefox."""
    browser = page.context.browser
    return browser is not None and browser.browser_type.name == "firefox"
