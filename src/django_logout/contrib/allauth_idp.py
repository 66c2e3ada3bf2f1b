"""Tell the applications of allauth's identity provider of logouts::

    IDP_OIDC_ADAPTER = "django_logout.contrib.allauth_idp.IdpAdapter"

A project with an adapter of its own extends this one.
"""

from collections.abc import Collection, Mapping
from typing import Any

import jwt
from allauth.core.internal import jwkkit
from allauth.idp.oidc import app_settings, views
from allauth.idp.oidc.adapter import DefaultOIDCAdapter, get_adapter
from allauth.idp.oidc.forms import RPInitiatedLogoutForm
from allauth.idp.oidc.internal.oauthlib import server
from allauth.idp.oidc.internal.oauthlib.request_validator import OAuthLibRequestValidator
from allauth.idp.oidc.models import Client
from django.forms import URLField
from django.utils.module_loading import import_string

from django_logout.contrib.oauthlib import ClientLoginMixin
from django_logout.federation.applications import DISCOVERY, TOKEN_TYPE, register
from django_logout.federation.libraries import Application
from django_logout.federation.told import applications_of


class IdpAdapter(DefaultOIDCAdapter):
    """The library's adapter, which also publishes that logouts are reported, and learns where from
    applications that register themselves."""

    def validate_client_registration(
        self, *, client: Any, client_metadata: Mapping[str, Any], **kwargs: Any
    ) -> None:
        """Register where an application hears of logouts, in the transaction of its registration."""
        super().validate_client_registration(
            client=client, client_metadata=client_metadata, **kwargs
        )
        register(client.pk, client_metadata)

    def populate_server_metadata(self, data: dict[str, Any]) -> None:
        """Add to what the provider publishes."""
        super().populate_server_metadata(data)
        data.update(DISCOVERY)


class RequestValidator(ClientLoginMixin, OAuthLibRequestValidator):
    """The library's validator, which also records to which applications a login was given."""


class LogoutForm(RPInitiatedLogoutForm):
    """The library's form, with a stricter comparison."""

    def clean(self) -> Any:
        """Refuse a URI to come back to that is not equal to one that is registered (RP-Initiated
        Logout 1.0, section 3). The library also takes one with a query added, and, for an
        application without any, each of the origin of its redirect URIs."""
        data = super().clean()
        uri, client = data.get("post_logout_redirect_uri"), data.get("client")
        if uri and uri not in client.get_post_logout_redirect_uris():
            self.add_error("post_logout_redirect_uri", URLField.default_error_messages["invalid"])
        return data


class LogoutView(views.LogoutView):
    """The library's logout page, which names the applications that will hear::

    path("identity/o/logout", LogoutView.as_view())  # before allauth.idp.urls
    """

    form_class = LogoutForm
    template_name = "django_logout/provider_logout.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who asks, who will hear, and the names of the buttons."""
        client = kwargs["form"].cleaned_data.get("client")
        return super().get_context_data(  # type: ignore[no-any-return]
            told=applications_of(self.request),
            asking=client and (client.name or client.pk),
            yes=("action", "logout"),
            no=("action", "stay"),
            **kwargs,
        )


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
