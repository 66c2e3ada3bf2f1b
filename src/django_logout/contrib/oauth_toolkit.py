"""Tell the applications of django-oauth-toolkit of logouts::

    OAUTH2_PROVIDER = {"OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator"}

A project with a validator of its own puts :class:`ValidatorMixin` in front of its bases.
"""

import json
from collections.abc import Collection, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, JsonResponse
from jwcrypto import jwt
from oauth2_provider.models import get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views.oidc import ConnectDiscoveryInfoView

from django_logout.contrib.oauthlib import ClientLoginMixin
from django_logout.federation.applications import DISCOVERY, TOKEN_TYPE
from django_logout.federation.libraries import Application


class ValidatorMixin(ClientLoginMixin):
    """Mixin in front of a validator of django-oauth-toolkit."""


class Validator(ValidatorMixin, OAuth2Validator):
    """The library's validator, which also records to which applications a login was given."""


class OauthToolkit:
    """The library, as this package uses it (see :class:`Library`)."""

    hint = 'OAUTH2_PROVIDER = {"OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator"}'

    def is_connected(self) -> bool:
        """Return whether the project uses the validator, or the mixin."""
        return issubclass(oauth2_settings.OAUTH2_VALIDATOR_CLASS, ValidatorMixin)

    def connect(self) -> None:
        """Add to what the provider publishes. The library has no hook for it."""
        view: Any = ConnectDiscoveryInfoView
        published = view.get

        @wraps(published)
        def get(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            response = published(self, request, *args, **kwargs)
            return _with_claims(response) if isinstance(response, JsonResponse) else response

        view.get = get

    def find(self, client_ids: Collection[str]) -> Mapping[str, Application]:
        """Return applications in one query."""
        rows = get_application_model()._default_manager.filter(client_id__in=client_ids)
        return {row.client_id: Application(self, row, row.name or row.client_id) for row in rows}

    def sign(self, row: Any, claims: Mapping[str, Any]) -> str:
        """Return a logout token, signed as the library signs the application's ID tokens.

        Raises ``ImproperlyConfigured`` if the application's algorithm has no key: HS256 needs a
        client secret that is not hashed.
        """
        key = row.jwk_key
        header = {"typ": TOKEN_TYPE, "alg": row.algorithm}
        if row.algorithm == row.RS256_ALGORITHM:
            header["kid"] = key.thumbprint()
        token = jwt.JWT(header=json.dumps(header), claims=json.dumps(claims))
        token.make_signed_token(key)
        return str(token.serialize())


def _with_claims(response: JsonResponse) -> JsonResponse:
    document = json.loads(response.content)
    if OauthToolkit().is_connected():
        document |= DISCOVERY
    response.content = json.dumps(document).encode()
    return response
