"""Users log in at the provider."""

from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client
from social_core.pipeline.partial import partial

from django_logout.federation.models import ProviderLink
from django_logout.federation.sealing import unseal
from tests.pending_logins import CHOOSE
from tests.projects.journeys import Journeys
from tests.projects.relying_party import RelyingParty, configure
from tests.projects.visitor import Visitor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:defusedxml.cElementTree"),
]


@pytest.fixture(autouse=True)
def _endpoint(provider: Any, settings: Any) -> None:
    """Tell the library where the provider is."""
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = provider.url


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A user, whom the provider knows by the same address."""
    return django_user_model.objects.create_user("ann", "ann@example.com")


class TestSocialAuth(RelyingParty, Journeys):
    """By the library's views, and our button."""

    def log_in(self, visitor: Visitor) -> None:
        """Click here, and at the provider unless it knows the browser."""
        visitor.visit("/page/")
        visitor.submit("/social/login/oidc/")
        if b"<form" in visitor.page.content:
            visitor.submit(button="in")
        assert visitor.url == "http://testserver/"

    def log_out(self, visitor: Visitor) -> None:
        """By the button."""
        visitor.visit("/page/")
        visitor.submit("/accounts/logout/")


def test_access_token_of_the_provider_stays(user: Any) -> None:
    """The library keeps it in its own table, and it lets no one in here."""
    site, here = TestSocialAuth(), Visitor()
    site.log_in(here)
    site.log_out(here)
    assert user.social_auth.get().extra_data["access_token"]


@partial
def ask(strategy: Any, *args: Any, **kwargs: Any) -> Any:
    """A step of the pipeline that asks the user something: it is finished by a later request."""
    if "answer" not in strategy.request_data():
        return strategy.redirect("/page/")
    return None


@pytest.mark.parametrize("position", range(len(project.SOCIAL_AUTH_PIPELINE) + 1))
def test_login_that_is_interrupted_is_linked(
    user: Any, provider: Any, settings: Any, position: int
) -> None:
    """Once it is complete, wherever the question is, and with the tokens of the login."""
    steps = list(project.SOCIAL_AUTH_PIPELINE)
    settings.SOCIAL_AUTH_PIPELINE = [*steps[:position], f"{__name__}.ask", *steps[position:]]
    configure(provider, settings)
    one = {**settings.LOGOUT["PROVIDERS"]["op"], "RECHECK": 600}
    settings.LOGOUT = {"PROVIDERS": {"op": one}}
    site, here = TestSocialAuth(), Visitor()
    with pytest.raises(AssertionError):
        site.log_in(here)  # It does not lead to the home page.
    assert (here.url, here.who()) == ("http://testserver/page/", "")
    assert not ProviderLink.objects.exists()
    here.visit("/social/complete/oidc/?answer=yes")
    assert here.who() == "ann"
    link = ProviderLink.objects.get()
    assert (link.subject, link.sid) == ("1", provider.sids[-1])
    assert unseal(link.id_token).count(".") == 2
    assert unseal(link.recheck_token).startswith("refresh ")
    assert site._report(provider, sid=link.sid) == 200
    assert here.who() == ""


def test_interrupted_login_beyond_max_sessions(user: Any, provider: Any, settings: Any) -> None:
    """It waits twice."""
    settings.SOCIAL_AUTH_PIPELINE = [*project.SOCIAL_AUTH_PIPELINE, f"{__name__}.ask"]
    configure(provider, settings)
    settings.LOGOUT = {**settings.LOGOUT, "MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "ask"}
    Client().force_login(user, "social_core.backends.open_id_connect.OpenIdConnectAuth")
    site, here = TestSocialAuth(), Visitor()
    with pytest.raises(AssertionError):
        site.log_in(here)
    here.visit("/social/complete/oidc/?answer=yes")
    assert here.url == f"http://testserver{CHOOSE}"
    here.post(CHOOSE, {"all": "1"})
    assert (here.who(), ProviderLink.objects.get().sid) == ("ann", provider.sids[-1])


def test_login_that_is_given_up_is_not_linked(
    user: Any, provider: Any, settings: Any, django_user_model: Any
) -> None:
    """Another user logs in by a password in the same browser."""
    configure(provider, settings)
    settings.SOCIAL_AUTH_PIPELINE = [*project.SOCIAL_AUTH_PIPELINE, f"{__name__}.ask"]
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "django.contrib.auth.backends.ModelBackend",
    ]
    django_user_model.objects.create_user("bob", password="pw")
    site, here = TestSocialAuth(), Visitor()
    with pytest.raises(AssertionError):
        site.log_in(here)
    here.visit("/login/")
    here.submit(username="bob", password="pw")
    assert (here.who(), ProviderLink.objects.exists()) == ("bob", False)


def test_user_who_is_logged_in_already_is_linked(user: Any, provider: Any, settings: Any) -> None:
    """The library does not log them in anew, and stores the account."""
    configure(provider, settings)
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "django.contrib.auth.backends.ModelBackend",
    ]
    user.set_password("pw")
    user.save()
    site, here = TestSocialAuth(), Visitor()
    here.visit("/login/")
    here.submit(username="ann", password="pw")
    assert (here.who(), ProviderLink.objects.exists()) == ("ann", False)
    site.log_in(here)
    assert ProviderLink.objects.get().sid == provider.sids[-1]
    assert site._report(provider, sid=provider.sids[-1]) == 200
    assert here.who() == ""
