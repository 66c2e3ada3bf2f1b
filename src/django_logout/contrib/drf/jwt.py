"""Authenticate by JSON web tokens, if their login is active (djangorestframework-simplejwt)."""

from collections.abc import Iterator
from copy import copy
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend

from django_logout.contrib import token_auth
from django_logout.contrib.drf.problems import as_problems
from django_logout.contrib.token_auth import TokenClaims
from django_logout.revokers.simplejwt import SimpleJwtRevoker
from django_logout.sessions import registry
from django_logout.sessions.token_logins import SID, as_id


class SessionCheckMixin:
    """Mixin in front of an authentication class of simplejwt. It accepts a token only if its login
    is active, with at most one cache read for each request.

    The status is 401 with ``"reason"`` if the login has ended, and 503 if neither the cache nor the
    database answers.
    """

    def get_user(self, validated_token: Any) -> Any:
        """Return the user, if the login is active."""
        with as_problems():
            # The library reports a token without a user.
            if api_settings.USER_ID_CLAIM in validated_token:
                token_auth.check_login(claims_of(validated_token))
        return super().get_user(validated_token)

    def expired_login_id(self, request: Any) -> UUID | None:
        """Return the login of a token with a valid signature, even if the token has expired, so
        that its client can log out."""
        return next(filter(None, map(login_id_of, self.raw_tokens(request))), None)

    def raw_tokens(self, request: Any) -> Iterator[Any]:
        """Yield the tokens that a request presents."""
        library: Any = self
        header = library.get_header(request)
        raw = header and library.get_raw_token(header)
        if raw:
            yield raw


class JWTAuthentication(SessionCheckMixin, authentication.JWTAuthentication):
    """The library's authentication, which loads the user."""


class JWTStatelessUserAuthentication(
    SessionCheckMixin, authentication.JWTStatelessUserAuthentication
):
    """The library's authentication, which trusts what the token says of the user."""


def login_id_of(raw: Any) -> UUID | None:
    """Return the login of a token with a valid signature, even if it has expired."""
    backend = copy(token_backend)
    # Beyond this, no other token of the same login can be valid.
    backend.leeway = SimpleJwtRevoker().lifetime
    try:
        return as_id(backend.decode(raw).get(SID))
    except TokenBackendError:
        return None


def claims_of(token: Any) -> TokenClaims:
    """Return what a token of the library says."""
    login_id, issued_at = as_id(token.get(SID)), token.get("iat") or 0
    if login_id is not None:
        return TokenClaims(None, issued_at, login_id)
    claim = token[api_settings.USER_ID_CLAIM]
    field, pk = api_settings.USER_ID_FIELD, get_user_model()._meta.pk
    if field in {"pk", pk.name, pk.attname}:
        return TokenClaims(pk.to_python(claim), issued_at)
    users = registry.users().filter(**{field: claim})
    return TokenClaims(users.values_list("pk", flat=True).first(), issued_at)
