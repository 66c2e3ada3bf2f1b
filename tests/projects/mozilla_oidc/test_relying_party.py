"""Users log in at the provider, and out here or there too."""

from typing import Any

import pytest

from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _endpoints(provider: Any, settings: Any) -> None:
    """Tell the library where the provider is."""
    settings.OIDC_OP_URL = provider.url
    settings.OIDC_OP_AUTHORIZATION_ENDPOINT = f"{provider.url}/authorize"
    settings.OIDC_OP_TOKEN_ENDPOINT = f"{provider.url}/token"
    settings.OIDC_OP_USER_ENDPOINT = f"{provider.url}/userinfo"
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.url}/jwks"


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A user, whom the provider knows by the same address."""
    return django_user_model.objects.create_user("ann", "ann@example.com")


class TestRelyingParty(Journeys):
    """By the library's views."""

    def log_in(self, visitor: Visitor) -> None:
        """Click at the provider, unless it knows the browser."""
        visitor.visit("/oidc/authenticate/?next=/")
        if b"<form" in visitor.page.content:
            visitor.submit(button="in")
        assert visitor.url == "http://testserver/"

    def log_out(self, visitor: Visitor) -> None:
        """By the library's view."""
        visitor.visit("/page/")
        visitor.submit("/oidc/logout/")


def test_provider_still_knows_the_browser(user: Any) -> None:
    """What is at stake: the next login needs no click."""
    site, here = TestRelyingParty(), Visitor()
    site.log_in(here)
    site.log_out(here)
    here.visit("/oidc/authenticate/?next=/")
    assert here.page.content == b"user=ann"


def test_provider_logs_out_too(user: Any, settings: Any) -> None:
    """With ``OIDC_OP_LOGOUT_URL_METHOD``."""
    settings.OIDC_OP_LOGOUT_URL_METHOD = "tests.projects.mozilla_oidc.urls.provider_logout"
    site, here = TestRelyingParty(), Visitor()
    site.log_in(here)
    thief = here.copy()
    site.log_out(here)
    assert (here.url, here.page.content, thief.who()) == ("http://testserver/", b"user=", "")
    here.visit("/oidc/authenticate/?next=/")
    assert b"<form" in here.page.content


def test_session_that_is_checked_again_can_end(user: Any, settings: Any, clock: Any) -> None:
    """``SessionRefresh`` asks the provider from time to time, and ended stays ended."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "mozilla_django_oidc.middleware.SessionRefresh"]
    settings.OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = 30
    site, here = TestRelyingParty(), Visitor()
    site.log_in(here)
    clock.shift(40)
    thief = here.copy()
    assert here.visit("/private/").content == b"private of ann"
    site.log_out(here)
    assert (here.who(), thief.who()) == ("", "")
