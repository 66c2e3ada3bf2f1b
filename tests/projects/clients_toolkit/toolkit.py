"""The provider by django-oauth-toolkit."""

from typing import Any

from django.test import Client
from oauth2_provider.models import get_application_model

from tests.projects.issuing import CALLBACK, SECRET, Issuer


class Toolkit(Issuer):
    """Its endpoints, and how it registers an application."""

    authorize_url = "/o/authorize/"
    token_url = "/o/token/"
    logout_url = "/o/logout/"
    discovery_url = "/o/.well-known/openid-configuration"
    refusal = {"deny": "yes"}
    hybrid = {"authorization_grant_type": "openid-hybrid"}

    def register(self, client_id: str, **fields: Any) -> Any:
        defaults = {
            "name": client_id.title(),
            "client_secret": SECRET,
            "hash_client_secret": False,
            "client_type": "confidential",
            "authorization_grant_type": "authorization-code",
            "redirect_uris": CALLBACK,
            "algorithm": "RS256",
            **fields,
        }
        rows = get_application_model().objects
        return rows.get_or_create(client_id=client_id, defaults=defaults)[0]

    def with_return(self, uri: str) -> dict[str, Any]:
        return {"post_logout_redirect_uris": uri}

    def agreement(self, page: Any) -> dict[str, str]:
        return {"allow": "yes"} if b'name="allow"' in page.content else {}

    def approve(self, browser: Client, asked: dict[str, str]) -> Any:
        return browser.post(self.authorize_url, {**asked, "allow": "on"})
