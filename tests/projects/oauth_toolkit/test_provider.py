"""Users log in for another site, and that site logs them out."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.projects.journeys import Journeys
from tests.projects.oauth_client import CALLBACK, alive, application, redeem
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestProvider(Journeys):
    """On the way from another site, and back to it."""

    listed = 4  # The other site's tokens are listed, too.

    def log_in(self, visitor: Visitor) -> None:
        """By the login that the provider asks for, and its consent."""
        asked = {
            "client_id": application().client_id,
            "response_type": "code",
            "scope": "read",
            "redirect_uri": CALLBACK,
        }
        visitor.visit(f"http://testserver/o/authorize/?{urlencode(asked)}")
        visitor.submit(username="ann", password="pw")
        visitor.submit(button="allow")
        self.tokens = redeem(parse_qs(urlsplit(visitor.url).query)["code"][0]).json()
        visitor.visit("http://testserver/")

    def log_out(self, visitor: Visitor) -> None:
        """As the other site wants it (RP-initiated), and the user confirms."""
        visitor.visit("/o/logout/")
        visitor.submit(button="allow")


@pytest.mark.slow
def test_tokens_end_with_the_session_of_their_consent(engine: str, user: Any) -> None:
    """And those of another browser work on, although the library's own logout deletes all of the
    user's by default."""
    site, here, there = TestProvider(), Visitor(), Visitor()
    site.log_in(here)
    first = site.tokens
    site.log_in(there)
    here.visit("/accounts/logout/")
    here.submit("/accounts/logout/")
    assert (alive(first), alive(site.tokens)) == ([], ["access_token", "refresh_token"])
