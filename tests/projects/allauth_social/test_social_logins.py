"""Users log in at the provider."""

from copy import deepcopy
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from tests.projects.journeys import Journeys
from tests.projects.relying_party import RelyingParty
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _endpoint(provider: Any, settings: Any) -> None:
    """Tell allauth where the provider is."""
    providers = deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
    providers["openid_connect"]["APPS"][0]["settings"] = {"server_url": provider.url}
    settings.SOCIALACCOUNT_PROVIDERS = providers


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A user, whom the provider knows by the same address."""
    user = django_user_model.objects.create_user("ann", "ann@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


class TestSocialLogin(RelyingParty, Journeys):
    """By allauth's pages."""

    def log_in(self, visitor: Visitor) -> None:
        """Click here, and at the provider unless it knows the browser."""
        visitor.visit("/allauth/oidc/local/login/?next=/")
        visitor.submit("/allauth/oidc/local/login/")
        if visitor.url.startswith("http://127.0.0.1"):
            visitor.submit(button="in")
        assert visitor.url == "http://testserver/"

    def log_out(self, visitor: Visitor) -> None:
        """By the page that asks."""
        visitor.visit("/allauth/logout/")
        visitor.submit("/allauth/logout/")
