"""LemonLDAP::NG: its frames name the session by the name of the user, and its ID tokens do not. That must match nothing."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_logout.federation import metadata
from django_logout.federation.models import ProviderLink
from django_logout.models import LogoutEvent
from tests import services
from tests.federation_peers.browser import Browser
from tests.federation_peers.conftest import TITLE
from tests.federation_peers.lemonldap import EMAIL, USER, LemonLDAP
from tests.federation_peers.settings import CLIENT_ID
from tests.races.own_redis import free_port

pytestmark = pytest.mark.needs("lemonldap")


@pytest.fixture(scope="module")
def provider(live_server: Any, tmp_path_factory: Any) -> Iterator[LemonLDAP]:
    """The provider."""
    services.need("lemonldap")
    found = LemonLDAP(free_port(), tmp_path_factory.mktemp("lemonldap"), live_server.url)
    yield found
    found.stop()


@pytest.fixture
def site(
    live_server: Any,
    transactional_db: None,
    django_user_model: Any,
    settings: Any,
    provider: LemonLDAP,
) -> str:
    """The site, whose users log in there."""
    django_user_model.objects.create_user(USER, EMAIL)
    settings.AUTHENTICATION_BACKENDS = ["mozilla_django_oidc.auth.OIDCAuthenticationBackend"]
    ends = {"AUTHORIZATION": "authorize", "TOKEN": "token", "USER": "userinfo", "JWKS": "jwks"}
    for name, path in ends.items():
        setattr(settings, f"OIDC_OP_{name}_ENDPOINT", f"{provider.issuer}/oauth2/{path}")
    one = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT_ID, "TITLE": TITLE, "ALLOW_PRIVATE": True}
    back = {
        "POST_LOGOUT_REDIRECT_URI": f"{live_server.url}/signed-out/",
        "FRONTCHANNEL_WITHOUT_ISS": True,
        "PRESET": "lemonldap",
    }
    settings.LOGOUT = {"PROVIDERS": {"op": {**one, **back}}}
    metadata._remembered.cache_clear()
    return str(live_server.url)


def arrive(site: str) -> Browser:
    """Return a browser that has logged in at the provider."""
    browser = Browser(site)
    browser.visit("/oidc/authenticate/?next=/")
    browser.submit(user=USER, password=USER)
    assert browser.who() == USER, browser.text
    return browser


def frames(browser: Browser) -> list[str]:
    """Return where the frames of a page lead, on our site."""
    found = re.findall(r'<iframe[^>]*src="([^"]*)"', browser.text)
    return [url for url in map(unescape, found) if "/frontchannel/" in url]


def test_logout_at_the_provider(site: str, provider: LemonLDAP) -> None:
    """FCL-3: the name of the user is no session's, so anybody could send it. Nothing ends."""
    here, there = arrive(site), arrive(site)
    assert [link.sid for link in ProviderLink.objects.all()] == ["", ""]
    here.visit(f"{provider.issuer}/?logout=1")
    (frame,) = frames(here)
    assert parse_qs(urlsplit(frame).query)["sid"] == [USER]
    here.visit(frame)
    assert here.page.status_code == 200
    assert (here.who(), there.who()) == (USER, USER)
    assert not LogoutEvent.objects.exists()


def test_logout_here(site: str, provider: LemonLDAP) -> None:
    """RPI-1..9: it asks its user. Its frame for the session that has ended here is calm."""
    here, there = arrive(site), arrive(site)
    here.visit("/page/")
    here.submit("/accounts/logout/")
    assert here.url.startswith(f"{provider.issuer}/oauth2/logout?")
    here.submit()
    (frame,) = frames(here)
    here.visit(frame)
    assert here.page.status_code == 200
    assert (here.who(), there.who()) == ("", USER)
    assert LogoutEvent.objects.get().reason == "user"
