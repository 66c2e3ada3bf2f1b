"""Users log in for another site, and that site logs them out."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.idp.oidc.models import Client as RelyingParty
from django.test import Client

from tests.projects import system_checks
from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
CALLBACK = "http://testserver/callback/"


@pytest.fixture(autouse=True)
def _relying_party(db: None) -> None:
    """Register the other site."""
    site = RelyingParty(id="cars", name="Cars", skip_consent=True)
    site.set_secret("secret")
    site.set_redirect_uris([CALLBACK])
    site.set_scopes(["openid"])
    site.set_default_scopes(["openid"])
    site.set_grant_types([RelyingParty.GrantType.AUTHORIZATION_CODE])
    site.set_response_types(["code"])
    site.save()


def authorize(visitor: Visitor) -> str:
    """Ask for a code, and return it."""
    asked = {
        "client_id": "cars",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": CALLBACK,
        "state": "s",
    }
    visitor.visit(f"/identity/o/authorize?{urlencode(asked)}")
    if "/login/" in visitor.url:
        visitor.submit(username="ann", password="pw")
    return parse_qs(urlsplit(visitor.url).query)["code"][0]


def redeem(code: str) -> dict[str, str]:
    """Exchange a code for tokens, as the other site's server does."""
    answer = Client().post(
        "/identity/o/api/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "client_id": "cars",
            "client_secret": "secret",
        },
    )
    assert answer.status_code == 200, answer.content
    found: dict[str, str] = answer.json()
    return found


def user_info(tokens: dict[str, str]) -> int:
    """Return whether the provider still answers about the user."""
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    return Client().get("/identity/o/api/userinfo", headers=bearer).status_code


class TestProvider(Journeys):
    """On the way from another site, and back to it."""

    def log_in(self, visitor: Visitor) -> None:
        """By the login that the provider asks for."""
        self.tokens = redeem(authorize(visitor))

    def log_out(self, visitor: Visitor) -> None:
        """As the other site wants it (RP-initiated)."""
        visitor.visit("/identity/o/logout")
        visitor.submit("/identity/o/logout", button="logout")


def test_issued_tokens_outlive_the_session(user: Any) -> None:
    """What is not reached, and a check says so."""
    site, here = TestProvider(), Visitor()
    site.log_in(here)
    assert user_info(site.tokens) == 200
    site.log_out(here)
    assert here.who() == ""
    assert user_info(site.tokens) == 200
    assert [m.id for m in system_checks.messages() if "allauth.idp" in m.msg] == [
        "django_logout.W060"
    ]
