"""Glewlwyd: its logout tokens have no ``exp`` and the type ``JWT``, and its discovery is silent about them. Its page of
logout shows frames, in Chromium."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from django_logout.federation import metadata, views
from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from django_logout.models import LogoutEvent
from tests import services
from tests.federation_peers.browser import Browser
from tests.federation_peers.conftest import TITLE
from tests.federation_peers.frames import Frames, chromium, user_of
from tests.federation_peers.glewlwyd import FRONT_CHANNEL, Glewlwyd
from tests.federation_peers.settings import CLIENT_ID
from tests.races.own_redis import free_port
from tests.waiting import until

pytestmark = pytest.mark.needs("glewlwyd")


@pytest.fixture(scope="module")
def provider(live_server: Any, tmp_path_factory: Any) -> Iterator[Glewlwyd]:
    """The provider."""
    services.need("glewlwyd")
    found = Glewlwyd(free_port(), tmp_path_factory.mktemp("glewlwyd"), live_server.url)
    yield found
    found.stop()


@pytest.fixture
def site(live_server: Any, users: Any, settings: Any, provider: Glewlwyd) -> str:
    """The site, whose users log in there."""
    settings.AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
    ends = {"AUTHORIZATION": "auth", "TOKEN": "token", "USER": "userinfo", "JWKS": "jwks"}
    for name, path in ends.items():
        setattr(settings, f"OIDC_OP_{name}_ENDPOINT", f"{provider.issuer}/{path}")
    settings.OIDC_RP_SCOPES = "openid"
    configure(settings, provider, live_server.url, PRESET="glewlwyd")
    return str(live_server.url)


def configure(settings: Any, provider: Glewlwyd, url: str, **more: Any) -> None:
    """Tell our app of the provider."""
    one = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT_ID, "TITLE": TITLE, "ALLOW_PRIVATE": True}
    back = {"POST_LOGOUT_REDIRECT_URI": f"{url}/signed-out/"}
    settings.LOGOUT = {"PROVIDERS": {"op": {**one, **back, **more}}}
    metadata._remembered.cache_clear()


def arrive(site: str, provider: Glewlwyd, name: str = "ann") -> tuple[Browser, str]:
    """Return a browser that has logged in at the provider, and the name of its session there."""
    browser = Browser(site)
    browser.visit("/oidc/authenticate/?next=/")
    provider.log_in(browser, name)
    assert browser.who() == name
    return browser, ProviderLink.objects.latest("pk").sid


def test_logout_at_the_provider(site: str, provider: Glewlwyd) -> None:
    """BCL-17: of two sessions of one user the one that is named, and no other."""
    (here, sid), (there, _), (bob, _) = (
        arrive(site, provider, name) for name in ("ann", "ann", "bob")
    )
    thief = here.copy()
    assert sid
    provider.log_out(here, sid)
    until(lambda: here.who() == "", "The provider has not told.")
    assert (thief.who(), there.who(), bob.who()) == ("", "ann", "bob")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions) == ("provider", 1)


def test_token_without_exp_is_refused_unless_it_is_expected(
    site: str, provider: Glewlwyd, settings: Any, caplog: Any
) -> None:
    """``TOKENS_WITHOUT_EXP``, which the preset turns on."""
    # Ten refusals are logged in a minute, and other tests have refused more.
    views._refusals.reset()
    configure(settings, provider, site)
    here, sid = arrive(site, provider)
    provider.log_out(here, sid)
    until(lambda: "its exp is no number" in caplog.text, "The provider has not told.")
    assert here.who() == "ann"


def test_logout_here(site: str, provider: Glewlwyd) -> None:
    """RPI-1..9: it asks its user, and sends the browser back with the state. The notice gets 200."""
    here, sid = arrive(site, provider)
    here.visit("/page/")
    here.submit("/accounts/logout/")
    asked = parse_qs(urlsplit(here.url).query)
    assert (asked["prompt"], asked["sid"], here.who()) == (["end_session"], [sid], "")
    provider.log_out(here, sid)
    here.visit(asked["callback_url"][0])
    assert urlsplit(here.url).path == "/signed-out/"
    assert TITLE in here.text
    assert LogoutEvent.objects.get().reason == "user"


class TestFrontChannel:
    """Its pages, made by its scripts, in a browser with its usual rules for cookies."""

    @pytest.fixture(autouse=True)
    def _client(
        self, settings: Any, site: str, provider: Glewlwyd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Be the client that hears by a frame, and by no token."""
        # While Playwright runs, Django takes its event loop for one that queries would hold up.
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        settings.OIDC_RP_CLIENT_ID = FRONT_CHANNEL
        configure(settings, provider, site, PRESET="glewlwyd", CLIENT_ID=FRONT_CHANNEL)

    def log_in(self, page: Page, site: str, name: str = "ann") -> ProviderLink:
        """Log in on its page, and agree to what it asks. Return what was recorded."""
        page.goto(f"{site}/oidc/authenticate/?next=/")
        page.fill("#username", name)
        page.fill("#password", "any")
        page.click("#loginbut")
        page.click("button:has-text('Continue')")
        page.wait_for_url(f"{site}/")
        assert user_of(page, site) == name
        return ProviderLink.objects.latest("pk")

    def test_logout_there(self, site: str, provider: Glewlwyd) -> None:
        """FCL-1..7: another application of the browser logs its user out. The session here that is
        named ends without a cookie, and no other."""
        with chromium() as open_page:
            here, there, bob = (open_page() for _ in range(3))
            frames = Frames(here)
            hint = unseal(self.log_in(here, site).id_token)
            self.log_in(there, site)
            self.log_in(bob, site, "bob")
            here.goto(f"{provider.issuer}/end_session?id_token_hint={hint}")
            assert user_of(here, site) == "ann"
            here.click("button:has-text('Logout')")
            here.wait_for_selector("text=You are disconnected")
            frames.check()
            assert [user_of(page, site) for page in (here, there, bob)] == ["", "ann", "bob"]
        event = LogoutEvent.objects.get()
        assert (event.reason, event.sessions) == ("provider", 1)

    def test_logout_here(self, site: str) -> None:
        """RPI-1..9 with FCL-4: the frame of a session that has ended loads, and the browser comes
        back."""
        with chromium() as open_page:
            here = open_page()
            frames = Frames(here)
            self.log_in(here, site)
            here.goto(f"{site}/page/")
            here.click("form[action*='/accounts/logout/'] button")
            here.click("button:has-text('Logout')")
            here.wait_for_url("**/signed-out/?state=*")
            frames.check()
            assert f"logged out at {TITLE}" in here.inner_text("body")
            assert user_of(here, site) == ""
        assert [event.reason for event in LogoutEvent.objects.exclude(sessions=0)] == ["user"]

    def test_its_own_page_tells_no_application(self, site: str, provider: Glewlwyd) -> None:
        """Without a token of one, it ends its own session alone. See docs/federation.md."""
        with chromium() as open_page:
            here = open_page()
            frames = Frames(here)
            self.log_in(here, site)
            here.goto(f"{provider.origin}/login.html?prompt=single_logout")
            here.click("button:has-text('Logout')")
            here.wait_for_selector("text=You are disconnected")
            assert (frames.found, user_of(here, site)) == ([], "ann")
