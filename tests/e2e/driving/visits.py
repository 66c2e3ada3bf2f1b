"""Visits of the site: who comes in which browser, and what the site has been told and asked."""

import json
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.e2e.driving.base import Browser, Driver, Tab, port_of

PRIVATE = "/cars/add/"
SECRET = "Only logged-in users can see this page."
BUTTON = "header form button"
#: Asks each second instead of each minute.
OFTEN = """
document.addEventListener("readystatechange", () => {
  const script = document.querySelector("script[data-logout]");
  if (script) script.dataset.poll = "1";
});
"""


class Visits:
    """Opens pages of the site, each visit in a browser with a profile of its own."""

    def __init__(self, driver: Driver, variant: Callable[[str, str], str]) -> None:
        """Visit by this driver."""
        self.driver, self.variant = driver, variant
        self.browsers: list[Browser] = []
        self.schemes: set[str] = set()
        #: What a test expects the policy to refuse, and the like: parts of its messages.
        self.expected: list[str] = []

    def __call__(
        self,
        path: str = PRIVATE,
        *,
        user: str = "customer",
        host: str = "www",
        scheme: str = "http",
        port: int | None = None,
        **conduct: Any,
    ) -> Tab:
        """Open a page, as a user or (with "") without a login.

        Args:
            path: Of the page.
            user: Who logs in first.
            host: A name in ``settings_by_host``.
            scheme: "http" or "https".
            port: That of a cable, instead of the server's.
            **conduct: What the site is told: see ``tests.e2e.conduct``.
        """
        if scheme not in self.schemes or conduct:
            self.tell(scheme=scheme, **conduct)
        browser = self.driver.browser()
        browser.origin = self.driver.address(
            scheme, host, port or port_of(self.variant(scheme, "www"))
        )
        self.browsers.append(browser)
        tab = browser.tab()
        if user:
            log_in(tab, user)
        tab.go(path)
        return tab

    def tell(self, *, scheme: str = "http", **conduct: Any) -> None:
        """Tell the site how to behave from now on."""
        fresh = scheme not in self.schemes
        self.schemes.add(scheme)
        self._send(scheme, "POST", "/conduct/", json.dumps({"fresh": fresh, **conduct}))

    def asked(self, path: str, method: str = "", *, scheme: str = "http") -> list[dict[str, Any]]:
        """Return the requests to this path since the site was told how to behave."""
        requests = self._report(scheme)["asked"]
        return [
            each for each in requests if each["path"] == path and method in {"", each["method"]}
        ]

    def faults(self) -> list[str]:
        """Return what scripts have not caught and what the policy has refused, in all pages."""
        found = [unquote(each) for name in self.schemes for each in self._report(name)["faults"]]
        return [fault for fault in found if not any(each in fault for each in self.expected)]

    def close(self) -> None:
        """Close the browsers, and have the site behave as ever, since other tests visit it, too."""
        for browser in self.browsers:
            browser.close()
        for scheme in self.schemes:
            self.tell(scheme=scheme)

    def end(self, reason: str = "admin", *, scheme: str = "http") -> None:
        """End all sessions from elsewhere; no cookie of a browser is touched."""
        assert self._send(scheme, "GET", f"/trial/end/{reason}/")[0] == 200

    def is_active(self, tab: Tab, session: str = "") -> bool:
        """Return whether this session, or that of the browser, opens the private page."""
        session = session or tab.browser.cookies(tab).get("sessionid", "")
        scheme = urlsplit(tab.browser.origin).scheme
        status, _ = self._send(scheme, "GET", PRIVATE, headers={"Cookie": f"sessionid={session}"})
        assert status in {200, 302}
        return status == 200

    def _report(self, scheme: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._send(scheme, "GET", "/conduct/")[1])
        return found

    def _send(
        self,
        scheme: str,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        port = port_of(self.variant(scheme, "www"))
        connection = (
            HTTPSConnection("127.0.0.1", port, context=ssl._create_unverified_context())
            if scheme == "https"
            else HTTPConnection("127.0.0.1", port)
        )
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        found = (response.status, response.read())
        connection.close()
        return found


def log_in(tab: Tab, user: str = "customer", following: str = "") -> None:
    """By the form, as everybody does."""
    tab.go("/accounts/login/" + (f"?next={following}" if following else ""))
    enter(tab, user)
    tab.wait_for_path(following or "/")


def enter(tab: Tab, user: str = "customer") -> None:
    """Fill in the login form that is there."""
    tab.fill("[name=username]", user)
    tab.fill("[name=password]", f"{user}-{user}")
    tab.click("main form button")


def another_tab(tab: Tab, path: str = PRIVATE) -> Tab:
    """Of the same browser."""
    other = tab.browser.tab()
    other.go(path)
    return other
