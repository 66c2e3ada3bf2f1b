"""oidc-provider 6.31.1: frames in Chromium, which has its usual rules for cookies, and its older tokens."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.federation_peers.conftest import BACK_CHANNEL, Sent, Site, configure
from tests.federation_peers.frames import Frames, chromium, user_of


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
    assert user_of(page, site.url) == name


STARTS = {
    "mozilla_django_oidc": "/oidc/authenticate/?next=/",
    "allauth": "/allauth/oidc/op/login/?next=/",
    "social_django": "/page/",
    "authlib": "/authlib/login/",
    "django_pyoidc": "/pyoidc-login",
}


@pytest.fixture
def start(request: pytest.FixtureRequest) -> str:
    """Where the login of the library begins."""
    return STARTS[request.node.callspec.params["library"]]


def test_logout_at_the_provider(old_site: Site, start: str) -> None:
    """FCL-1..7, ``…rp-frontchannel-opinitlogout``: the session that is named ends without a cookie, and
    no other."""
    with chromium() as open_page:
        here, there = open_page(), open_page()
        frames = Frames(here)
        log_in(here, old_site, start)
        log_in(there, old_site, start)
        here.goto(f"{old_site.provider.issuer}/session/end", wait_until="domcontentloaded")
        here.click("[name=logout]")
        here.wait_for_url("**/session/end/success")
        frames.check()
        assert (user_of(here, old_site.url), user_of(there, old_site.url)) == ("", "ann")
    assert old_site.endings() == [("provider", 1)]


@pytest.mark.parametrize("library", ["mozilla_django_oidc"], indirect=True)
def test_logout_here(old_site: Site, start: str) -> None:
    """``…rp-frontchannel-rpinitlogout``: the frame loads, and the browser comes back."""
    with chromium() as open_page:
        here = open_page()
        frames = Frames(here)
        log_in(here, old_site, start)
        here.goto(f"{old_site.url}/page/")
        here.click("form[action*='/accounts/logout/'] button")
        here.click("[name=logout]")
        here.wait_for_url("**/signed-out/?state=*")
        frames.check()
        assert user_of(here, old_site.url) == ""
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
