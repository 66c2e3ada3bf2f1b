"""Authentication by JSON web tokens that ends when the login ends
(djangorestframework-simplejwt)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings

from django_logout.contrib import token_auth
from django_logout.contrib.drf.problems import as_problems
from django_logout.contrib.token_auth import Bearer
from django_logout.revokers.simplejwt import longest_lifetime
from django_logout.sessions import registry
from django_logout.sessions.token_logins import SID, as_id


class SessionCheckMixin:
    """Mixed in front of an authentication of simplejwt's, or of one that is made of it: a token is
    served only if its login has not ended. Adds one cache read to a request at most.

    An ended login is 401 with ``"reason"``; where neither cache nor database answers, 503.
    """

    def get_user(self, validated_token: Any) -> Any:
        """The user, if the login goes on."""
        with as_problems():
            if api_settings.USER_ID_CLAIM in validated_token:  # else the library says what is wrong
                token_auth.check(bearer_of(validated_token))
        return super().get_user(validated_token)

    def expired_login(self, request: Any) -> UUID | None:
        """The login that a token of a request is of, if it was signed for it, and is too old to
        let anybody in: its client may log out all the same."""
        return next(filter(None, map(login_of, self.raw_tokens(request))), None)

    def raw_tokens(self, request: Any) -> Iterator[Any]:
        """The tokens that a request brings."""
        library: Any = self
        header = library.get_header(request)
        raw = header and library.get_raw_token(header)
        if raw:
            yield raw


class JWTAuthentication(SessionCheckMixin, authentication.JWTAuthentication):
    """The library's, which loads the user."""


class JWTStatelessUserAuthentication(
    SessionCheckMixin, authentication.JWTStatelessUserAuthentication
):
    """The library's, which believes what the token says of the user."""


def login_of(raw: Any) -> UUID | None:
    """The login that a token says it is of, if it was signed for it; it may have expired."""
    try:
        return as_id(_patient().decode(raw).get(SID))
    except TokenBackendError:
        return None


def _patient() -> TokenBackend:
    """The library's own, which takes what another token of the same login may outlive."""
    return TokenBackend(
        api_settings.ALGORITHM,
        signing_key=api_settings.SIGNING_KEY,
        verifying_key=api_settings.VERIFYING_KEY,
        audience=api_settings.AUDIENCE,
        issuer=api_settings.ISSUER,
        jwk_url=api_settings.JWK_URL,
        leeway=longest_lifetime(),
        json_encoder=api_settings.JSON_ENCODER,
    )


def bearer_of(token: Any) -> Bearer:
    """What a token of the library's says."""
    family = as_id(token.get(SID))
    user_pk = _user_pk(token[api_settings.USER_ID_CLAIM]) if family is None else None
    return Bearer(user_pk, token.get("iat") or 0, family)


def _user_pk(claim: Any) -> Any:
    """The primary key of a token's user, who may be named in it by another field."""
    model, field = get_user_model(), api_settings.USER_ID_FIELD
    pk = model._meta.pk
    if field in {"pk", pk.name, pk.attname}:
        return pk.to_python(claim)
    users = model._base_manager.using(registry.database()).filter(**{field: claim})
    return users.values_list("pk", flat=True).first()
