"""Applications send browsers here to log out."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client

from django_logout.federation import told
from tests.projects.client_logouts import BACK, ClientLogouts
from tests.projects.issuing import CALLBACK, Issuer

pytestmark = pytest.mark.django_db(transaction=True)


class TestLogouts(ClientLogouts):
    """By this library."""

    def test_deleted_hint_of_another_issuer(self, op: Issuer, here: Client, settings: Any) -> None:
        """It was issued under another name of this site."""
        self.ask(op, here, id_token_hint=self.hint)
        own = {"OIDC_ISS_ENDPOINT": "https://other.example"}
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **own}
        fields = {"id_token_hint": self.hint, "post_logout_redirect_uri": BACK}
        assert here.get(f"{op.logout_url}?{urlencode(fields)}").status_code == 400

    def test_silent_login_is_the_projects(self, op: Issuer, here: Client) -> None:
        """The library has no answer for a user who is logged in, and the validator adds none."""
        asked = {"client_id": "shop", "response_type": "code", "redirect_uri": CALLBACK}
        with pytest.raises(NotImplementedError):
            here.get(
                f"{op.authorize_url}?{urlencode({**asked, 'scope': 'openid', 'prompt': 'none'})}"
            )


def test_applications_of_nobody() -> None:
    """Who is not logged in by a session has none that could hear."""
    request = HttpRequest()
    request.user = AnonymousUser()
    assert told.applications_of(request) == []
