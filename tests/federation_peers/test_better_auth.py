"""Better Auth: it asks no one before it logs out, sends its tokens in the same request, and demands PKCE."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import pytest

from django_logout.federation import metadata
from django_logout.federation.models import ProviderLink
from django_logout.models import LogoutEvent
from tests import services
from tests.federation_peers.browser import Browser
from tests.federation_peers.conftest import TITLE
from tests.federation_peers.settings import CLIENT_ID, SECRET
from tests.races.own_redis import free_port
from tests.waiting import PATIENCE, until_served

HERE = Path(__file__).parent
pytestmark = pytest.mark.needs("node", "npm:better-auth")


class BetterAuth:
    """The provider, in a process of its own."""

    def __init__(self, port: int, folder: Path, site: str) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.origin}/api/auth"
        client = {
            "clientId": CLIENT_ID,
            "clientSecret": SECRET,
            "disabled": False,
            "skipConsent": True,
            "enableEndSession": True,
            "scopes": ["openid", "profile", "email"],
            "redirectUris": [f"{site}/oidc/callback/"],
            "postLogoutRedirectUris": [f"{site}/signed-out/"],
            "backchannelLogoutUri": f"{site}/backchannel/",
            "backchannelLogoutSessionRequired": True,
            "tokenEndpointAuthMethod": "client_secret_post",
            "grantTypes": ["authorization_code"],
            "responseTypes": ["code"],
        }
        file = folder / "client.json"
        file.write_text(json.dumps(client))
        command = ["node", HERE / "better_auth.mjs", str(port), file]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until_served(port, self.process)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def call(self, browser: Browser, path: str, **data: str) -> Any:
        """Call its API, as the scripts of its pages do, with the cookies of a browser."""
        opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(browser.jar))
        headers = {"Content-Type": "application/json", "Origin": self.origin}
        request = Request(f"{self.issuer}/{path}", json.dumps(data).encode(), headers)
        with opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def log_in(self, browser: Browser, name: str) -> None:
        """Do what a login page does, and go on."""
        asked = browser.trail[-2].url
        self.call(browser, "sign-in/email", email=f"{name}@example.com", password="any password")
        browser.visit(asked)


@pytest.fixture(scope="module")
def provider(live_server: Any, tmp_path_factory: Any) -> Iterator[BetterAuth]:
    """The provider."""
    services.need("node", "npm:better-auth")
    found = BetterAuth(free_port(), tmp_path_factory.mktemp("better-auth"), live_server.url)
    yield found
    found.stop()


@pytest.fixture
def site(live_server: Any, users: Any, settings: Any, provider: BetterAuth) -> str:
    """The site, whose users log in there."""
    settings.AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
    settings.OIDC_USE_PKCE = True
    for name, path in {"AUTHORIZATION": "authorize", "TOKEN": "token", "USER": "userinfo"}.items():
        setattr(settings, f"OIDC_OP_{name}_ENDPOINT", f"{provider.issuer}/oauth2/{path}")
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.issuer}/jwks"
    one = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT_ID, "TITLE": TITLE, "ALLOW_PRIVATE": True}
    back = {"POST_LOGOUT_REDIRECT_URI": f"{live_server.url}/signed-out/"}
    settings.LOGOUT = {"PROVIDERS": {"op": {**one, **back}}}
    metadata._remembered.cache_clear()
    return str(live_server.url)


def arrive(site: str, provider: BetterAuth, name: str = "ann") -> Browser:
    """Return a browser that has logged in at the provider."""
    browser = Browser(site)
    browser.visit("/oidc/authenticate/?next=/")
    provider.log_in(browser, name)
    assert browser.who() == name, browser.text
    assert ProviderLink.objects.latest("pk").sid
    return browser


def test_logout_at_the_provider(site: str, provider: BetterAuth) -> None:
    """BCL-17: of two sessions of one user the one that is named, and no other."""
    here, there, bob = (arrive(site, provider, name) for name in ("ann", "ann", "bob"))
    thief = here.copy()
    provider.call(here, "sign-out")
    assert (here.who(), thief.who(), there.who(), bob.who()) == ("", "", "ann", "bob")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions) == ("provider", 1)


def test_logout_here(site: str, provider: BetterAuth) -> None:
    """RPI-1..9: the browser comes back with the state, and the provider has ended its session."""
    here = arrive(site, provider)
    here.visit("/page/")
    here.submit("/accounts/logout/")
    assert (urlsplit(here.url).path, here.who()) == ("/signed-out/", "")
    here.visit("/oidc/authenticate/?next=/")
    assert "/sign-in" in here.url
    assert LogoutEvent.objects.get().reason == "user"
