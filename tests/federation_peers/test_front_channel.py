"""oidc-provider 6.31.1: frames in Chromium, which has its usual rules for cookies, and its older tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, sync_playwright

from tests import services
from tests.e2e.browsers import SWITCHES
from tests.federation_peers.conftest import BACK_CHANNEL, Sent, Site, configure
from tests.waiting import PATIENCE

#: The provider's pages ask for a font of another host.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"


class Frames:
    """The requests to our front-channel page, and what the browser complained of."""

    def __init__(self, page: Page, site: Site) -> None:
        self.site, self.found, self.faults = site, [], []
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


def log_in(page: Page, site: Site, path: str, name: str = "ann") -> None:
    """By the provider's pages."""
    page.goto(f"{site.url}{path}", wait_until="domcontentloaded")
    if page.url.startswith(site.url):
        page.locator("form button").first.click()
    page.fill("[name=login]", name)
    page.fill("[name=password]", "any")
    page.click("[type=submit]")
    while page.url != f"{site.url}/":
        page.click("[type=submit]")
        page.wait_for_load_state("domcontentloaded")
    assert user_of(page, site) == name


def user_of(page: Page, site: Site) -> str:
    """Return whom the site serves."""
    response = page.context.request.get(f"{site.url}/")
    return response.text().removeprefix("user=")


STARTS = {
    "mozilla_django_oidc": "/oidc/authenticate/?next=/",
    "allauth": "/allauth/oidc/op/login/?next=/",
    "social_django": "/page/",
}


@pytest.fixture
def start(request: pytest.FixtureRequest) -> str:
    """Where the login of the library begins."""
    return STARTS[request.node.callspec.params["library"]]


def test_logout_at_the_provider(old_site: Site, start: str) -> None:
    """FCL-1..7: the session that is named ends without a cookie, and no other."""
    with chromium() as open_page:
        here, there = open_page(), open_page()
        frames = Frames(here, old_site)
        log_in(here, old_site, start)
        log_in(there, old_site, start)
        here.goto(f"{old_site.provider.issuer}/session/end", wait_until="domcontentloaded")
        here.click("[name=logout]")
        here.wait_for_url("**/session/end/success")
        frames.check()
        assert (user_of(here, old_site), user_of(there, old_site)) == ("", "ann")
    assert old_site.endings() == [("provider", 1)]


@pytest.mark.parametrize("library", ["mozilla_django_oidc"], indirect=True)
def test_logout_here(old_site: Site, start: str) -> None:
    """``…rp-frontchannel-rpinitlogout``: the frame loads, and the browser comes back."""
    with chromium() as open_page:
        here = open_page()
        frames = Frames(here, old_site)
        log_in(here, old_site, start)
        here.goto(f"{old_site.url}/page/")
        here.click("form[action*='/accounts/logout/'] button")
        here.click("[name=logout]")
        here.wait_for_url("**/signed-out/?state=*")
        frames.check()
        assert user_of(here, old_site) == ""
    assert old_site.endings() == [("user", 1)]


def test_tokens_without_exp(old_site: Site, settings: Any) -> None:
    """BCL-8: they are accepted where the settings say so, and nowhere else."""
    configure(settings, old_site.url, old_site.provider, BACK_CHANNEL)
    here, there = old_site.arrive(), old_site.arrive()
    sent = Sent(old_site)
    old_site.log_out_at_provider(here)
    assert (sent.statuses(), here.who()) == ([400], "ann")
    settings.LOGOUT = {
        "PROVIDERS": {"op": {**settings.LOGOUT["PROVIDERS"]["op"], "TOKENS_WITHOUT_EXP": True}}
    }
    old_site.log_out_at_provider(there)
    assert (sent.statuses(), here.who(), there.who()) == ([400, 200], "ann", "")
