"""A third party's application that logs users in with django-oauth-toolkit."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from oauth2_provider.models import get_application_model, get_device_grant_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import DeviceCodeGrant

CALLBACK = "https://printer.example/callback"
SECRET = "a secret of the application's, and long enough to sign with"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceValidator(OAuth2Validator):
    """A validator for device codes, which oauthlib 4 needs and django-oauth-toolkit lacks."""

    def validate_device_code(self, client_id: str, code: str, request: Any) -> str:
        device = get_device_grant_model().objects.get(device_code=code)
        request.user, request.scopes = device.user, device.scope.split()
        return str(DeviceCodeGrant.DEVICE_CODE_AUTHORIZED)


def application(name: str = "Photo printer", grant: str = "authorization-code") -> Any:
    """Return an application of the site, by its name."""
    model = get_application_model()
    return model.objects.get_or_create(
        client_id=name.lower().replace(" ", "-"),
        defaults={
            "name": name,
            "client_secret": SECRET,
            "hash_client_secret": False,
            "client_type": "confidential",
            "authorization_grant_type": grant,
            "redirect_uris": CALLBACK,
            "algorithm": "HS256",
        },
    )[0]


def approve(browser: Client, *, scope: str = "read", kind: str = "code", **which: str) -> str:
    """Approve the application, and return what the browser is redirected with."""
    asked = {
        "client_id": application(**which).client_id,
        "response_type": kind,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "nonce": "n",
    }
    answer = browser.post("/o/authorize/", {**asked, "allow": "on"})
    assert answer.status_code == 302, answer.content
    url = urlsplit(answer["Location"])
    back = parse_qs(url.query or url.fragment)
    return back[{"code": "code", "token": "access_token", "id_token": "id_token"}[kind]][0]


def ask(grant: str, **fields: str) -> Any:
    """Request tokens as the application's server."""
    mine = application(fields.pop("name", "Photo printer"))
    about = {"client_id": mine.client_id, "client_secret": SECRET}
    return Client(raise_request_exception=False).post(
        "/o/token/", {"grant_type": grant, **about, **fields}
    )


def redeem(code: str, **fields: str) -> Any:
    """Redeem a code for tokens."""
    return ask("authorization_code", code=code, redirect_uri=CALLBACK, **fields)


def renew(tokens: dict[str, str], **fields: str) -> Any:
    """Refresh the tokens."""
    return ask("refresh_token", refresh_token=tokens["refresh_token"], **fields)


def log_in(browser: Client, **how: str) -> dict[str, str]:
    """Approve the application, and return its tokens."""
    code = approve(browser, **how)
    answer = redeem(code, name=how.get("name", "Photo printer"))
    assert answer.status_code == 200, answer.content
    found: dict[str, str] = answer.json()
    return found


def works(token: str) -> bool:
    """Return whether the access token authenticates."""
    status = Client().get("/api/oauth/", headers={"Authorization": f"Bearer {token}"}).status_code
    assert status in {200, 401}
    return status == 200


def alive(tokens: dict[str, str], **fields: str) -> list[str]:
    """Return which tokens of a login work. The refresh token comes last, because using it makes new
    tokens."""
    found = [name for name in ("access_token", "id_token") if works(tokens.get(name, "none"))]
    if renew(tokens, **fields).status_code == 200:
        found.append("refresh_token")
    return found
