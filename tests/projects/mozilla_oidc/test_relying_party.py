"""Users log in at the provider, and out here or there too."""

from typing import Any

import pytest
from django_otp.plugins.otp_static.models import StaticDevice

from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from tests.projects.journeys import Journeys
from tests.projects.relying_party import RelyingParty, configure
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


class TestRelyingParty(RelyingParty, Journeys):
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


@pytest.mark.parametrize("keep", [True, False])
def test_token_that_the_library_keeps_is_kept(
    user: Any, provider: Any, settings: Any, keep: bool
) -> None:
    """Also by a login in place of another user's, which empties the session first."""
    configure(provider, settings)
    settings.OIDC_STORE_ID_TOKEN = keep
    site, here = TestRelyingParty(), Visitor()
    other = type(user).objects.create_user("bob")
    here.client().force_login(other)
    site.log_in(here)
    assert ("oidc_id_token" in here.client().session) is keep


def test_link_is_renewed_when_the_session_is_checked_again(
    user: Any, provider: Any, settings: Any, clock: Any
) -> None:
    """``SessionRefresh`` logs nobody in, and the provider has a new name for the session."""
    configure(provider, settings)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "mozilla_django_oidc.middleware.SessionRefresh"]
    settings.OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = 30
    site, here = TestRelyingParty(), Visitor()
    site.log_in(here)
    before = provider.sids[-1]
    clock.shift(40)
    here.visit("/private/")
    assert provider.sids[-1] != before
    assert [link.sid for link in ProviderLink.objects.all()] == [provider.sids[-1]]


def test_login_at_another_provider_is_not_recorded(user: Any, settings: Any) -> None:
    """It is none of ``LOGOUT["PROVIDERS"]``."""
    settings.LOGOUT = {}
    TestRelyingParty().log_in(Visitor())
    assert not ProviderLink.objects.exists()


def test_second_factor_after_the_login(user: Any, provider: Any, settings: Any) -> None:
    """django-otp notes it in the same session, which stays linked."""
    configure(provider, settings)
    StaticDevice.objects.create(user=user).token_set.create(token="code")
    site, here = TestRelyingParty(), Visitor()
    site.log_in(here)
    before = ProviderLink.objects.get()
    assert here.visit("/second-factor/?code=code").content == b"verified=True"
    assert [ProviderLink.objects.get(), here.who()] == [before, "ann"]
    assert unseal(before.id_token).count(".") == 2
    assert site._report(provider, sid=before.sid) == 200
    assert here.who() == ""
