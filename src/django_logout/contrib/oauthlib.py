"""What both libraries have in common by which this site can be an OpenID provider: a validator of
oauthlib, which issues codes and tokens."""

from contextlib import suppress
from typing import Any

from oauthlib.oauth2 import InvalidGrantError, OAuth2Error

from django_logout.federation import client_links

#: With this scope a user agrees that an application stays logged in without them (OpenID Connect
#: Core 1.0, section 11).
OFFLINE_ACCESS = "offline_access"


class ClientLoginMixin:
    """Mixin in front of a ``RequestValidator``: names the session in each ID token (``sid``), and
    records to which applications a login was given (Back-Channel Logout 1.0, section 2.1)."""

    def save_authorization_code(
        self, client_id: str, code: Any, request: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Bind the code to the session of the browser. If that has ended, nothing is obtained."""
        saved = super().save_authorization_code(client_id, code, request, *args, **kwargs)
        if "openid" in request.scopes and not client_links.bind_code(code["code"], request.user.pk):
            with suppress(OAuth2Error):  # It is gone already.
                self.invalidate_authorization_code(client_id, code["code"], request)  # type: ignore[attr-defined]
        return saved

    def finalize_id_token(self, id_token: Any, token: Any, token_handler: Any, request: Any) -> Any:
        """Add ``sid``, and record the login.

        Raises ``InvalidGrantError`` if the session has ended meanwhile. With ``offline_access``,
        and for a token that is refreshed, the login goes on without a session.
        """
        presented = _presented(request)
        login = client_links.find_login(request.client.client_id, request.user.pk, presented)
        outlives = OFFLINE_ACCESS in request.scopes or request.grant_type == "refresh_token"
        if outlives and client_links.has_ended(login.session_id):
            login = login._replace(session_id=None, sid="")
        if login.sid:
            id_token["sid"] = login.sid
        raw = super().finalize_id_token(id_token, token, token_handler, request)
        if not client_links.record(login, raw):
            raise InvalidGrantError(request=request)
        return raw

    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Let the refresh token name the session in place of what was presented for it."""
        saved = super().save_bearer_token(token, request, *args, **kwargs)
        if "openid" in request.scopes and (presented := _presented(request)):
            client_links.follow(presented, token.get("refresh_token") or "")
        return saved


def _presented(request: Any) -> str:
    """Return the code or refresh token that a request presents; ``""`` for neither."""
    fields = {"authorization_code": "code", "refresh_token": "refresh_token"}
    field = fields.get(request.grant_type, "")
    return str(getattr(request, field) or "") if field else ""
