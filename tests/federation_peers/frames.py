"""Chromium with its usual rules for cookies, and the frames that a provider's page shows of our site."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request, sync_playwright

from tests import services
from tests.e2e.browsers import SWITCHES
from tests.waiting import PATIENCE

#: The provider's pages ask for a font of another host.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"


class Frames:
    """The requests to our front-channel page, and what the browser complained of."""

    def __init__(self, page: Page) -> None:
        self.found: list[Request] = []
        self.faults: list[str] = []
        page.on("requestfinished", self.note)
        page.on("console", lambda message: self.faults.append(message.text))

    def note(self, request: Request) -> None:
        """Note one."""
        if urlsplit(request.url).path == "/frontchannel/":
            self.found.append(request)

    def check(self) -> None:
        """There was one, whose page was shown, and no cookie was sent."""
        (request,) = self.found
        assert {"iss", "sid"} == parse_qs(urlsplit(request.url).query).keys()
        response = request.response()
        assert response is not None
        assert response.status == 200
        assert "no-store" in response.headers["cache-control"]
        assert "cookie" not in request.all_headers()
        assert request.frame.parent_frame is not None
        assert not [fault for fault in self.faults if "frame" in fault], self.faults


@contextmanager
def chromium() -> Iterator[Any]:
    """Give functions that open pages, each in a profile of its own. It is closed before the test ends:
    its event loop would stop Django."""
    services.need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=services.chromium(), args=[*SWITCHES[:-1], ALONE]
        )

        def open_page() -> Page:
            page = browser.new_context().new_page()
            page.set_default_timeout(PATIENCE * 1000)
            return page

        yield open_page
        browser.close()


def user_of(page: Page, site: str) -> str:
    """Return whom the site serves."""
    return page.context.request.get(f"{site}/").text().removeprefix("user=")
