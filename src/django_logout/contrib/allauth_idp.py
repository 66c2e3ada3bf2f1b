"""Tell the applications of allauth's identity provider of logouts::

    IDP_OIDC_ADAPTER = "django_logout.contrib.allauth_idp.IdpAdapter"

A project with an adapter of its own extends this one.
"""

from collections.abc import Collection, Mapping
from typing import Any

import jwt
from allauth.core.internal import jwkkit
from allauth.idp.oidc import app_settings
from allauth.idp.oidc.adapter import DefaultOIDCAdapter, get_adapter
from allauth.idp.oidc.internal.oauthlib import server
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.models import Client
from django.utils.module_loading import import_string

from django_logout.contrib.oauthlib import ClientLoginMixin
from django_logout.federation.applications import DISCOVERY, TOKEN_TYPE
from django_logout.federation.libraries import Application


class IdpAdapter(DefaultOIDCAdapter):
    """The library's adapter, which also publishes that logouts are reported."""

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """Add to what the provider publishes."""
        super().populate_server_metadata(data)
        data.update(DISCOVERY)


class RequestValidator(ClientLoginMixin, OAuthLibRequestValidator):
    """The library's validator, which also records to which applications a login was given."""


class AllauthIdp:
    """The library, as this package uses it (see :class:`Library`)."""

    hint = 'IDP_OIDC_ADAPTER = "django_logout.contrib.allauth_idp.IdpAdapter"'

    def is_connected(self) -> bool:
        """Return whether the project uses the adapter."""
        return issubclass(import_string(app_settings.ADAPTER), IdpAdapter)

    def connect(self) -> None:
        """Put our validator in place of the library's, whose adapter learns of no code."""
        server.OAuthLibRequestValidator = RequestValidator

    def find(self, client_ids: Collection[str]) -> Mapping[str, Application]:
        """Return applications in one query."""
        rows = Client.objects.filter(pk__in=client_ids)
        return {row.pk: Application(self, row, row.name or row.pk) for row in rows}

    def sign(self, row: Any, claims: Mapping[str, Any]) -> str:
        """Return a logout token, signed by the library's key. Raises ``ImproperlyConfigured`` if
        there is none."""
        # The key id has to be the one that the library publishes.
        public, private = jwkkit.load_jwk_from_pem(get_adapter().get_signing_key().pem)
        header = {"typ": TOKEN_TYPE, "kid": public["kid"]}
        return jwt.encode(dict(claims), private, "RS256", headers=header)
