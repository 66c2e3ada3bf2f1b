"""The provider by allauth.idp."""

from typing import Any
from urllib.parse import urlencode

from allauth.idp.oidc.models import Client as Application
from django.test import Client

from tests.clients import csrf_token
from tests.projects.issuing import CALLBACK, SECRET, Issuer


class Idp(Issuer):
    """Its endpoints, and how it registers an application."""

    authorize_url = "/identity/o/authorize"
    token_url = "/identity/o/api/token"
    logout_url = "/identity/o/logout"
    discovery_url = "/.well-known/openid-configuration"
    refusal = {"action": "stay"}

    def register(self, client_id: str, **fields: Any) -> Any:
        if (known := Application.objects.filter(pk=client_id).first()) is not None:
            return known
        site = Application(id=client_id, name=client_id.title(), skip_consent=True)
        site.set_secret(SECRET)
        site.set_redirect_uris([CALLBACK])
        site.set_scopes(["openid", "offline_access"])
        site.set_default_scopes(["openid"])
        kinds = Application.GrantType
        site.grant_types = f"{kinds.AUTHORIZATION_CODE.value}\n{kinds.REFRESH_TOKEN.value}"
        site.response_types = "code\nid_token\ncode id_token"
        for name, value in fields.items():
            setattr(site, name, value)
        site.save()
        return site

    def with_return(self, uri: str) -> dict[str, Any]:
        return {"data": {"client_metadata": {"post_logout_redirect_uris": [uri]}}}

    def agreement(self, page: Any) -> dict[str, str]:
        if b'value="logout"' not in page.content:
            return {}
        return {"action": "logout", "csrfmiddlewaretoken": csrf_token(page)}

    def approve(self, browser: Client, asked: dict[str, str]) -> Any:
        return browser.get(f"{self.authorize_url}?{urlencode(asked)}")
