"""Users log in at the provider."""

from typing import Any

import pytest

from tests.projects.journeys import Journeys
from tests.projects.relying_party import RelyingParty
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
