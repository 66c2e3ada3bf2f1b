"""Tell the applications of django-oauth-toolkit of logouts::

    OAUTH2_PROVIDER = {"OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator"}

A project with a validator of its own puts :class:`ValidatorMixin` in front of its bases.
"""

import json
from collections.abc import Collection, Mapping
from functools import wraps
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from jwcrypto import jwt
from jwcrypto.common import JWException
from oauth2_provider import views
from oauth2_provider.exceptions import ClientIdMissmatch, InvalidIDTokenError
from oauth2_provider.models import get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import oidc

from django_logout.contrib.oauthlib import ClientLoginMixin
from django_logout.federation.applications import (
    DISCOVERY,
    TOKEN_TYPE,
    register,
    registered_metadata,
)
from django_logout.federation.libraries import Application
from django_logout.federation.told import applications_of
from django_logout.utils.context import current_request

#: Where applications may send users after a logout (RP-Initiated Logout 1.0, section 3.1).
URIS_METADATA = "post_logout_redirect_uris"


class ValidatorMixin(ClientLoginMixin):
    """Mixin in front of a validator of django-oauth-toolkit."""

    def validate_silent_login(self, request: Any) -> Any:
        """Return false if no user is logged in, so that ``prompt=none`` gets ``login_required``
        (OpenID Connect Core 1.0, section 3.1.2.6). The library leaves the rest to projects."""
        user = getattr(current_request.get(), "user", None)
        is_logged_in = getattr(user, "is_authenticated", False)
        return is_logged_in and super().validate_silent_login(request)


class Validator(ValidatorMixin, OAuth2Validator):
    """The library's validator, which also records to which applications a login was given."""


@method_decorator(csrf_exempt, name="dispatch")
class RPInitiatedLogoutView(oidc.RPInitiatedLogoutView):
    """The library's logout page, which names the applications that will hear, and knows more hints.

    It takes a POST of an application as it takes a GET (RP-Initiated Logout 1.0, section 2), and the
    hint of an ID token that was deleted when its session ended: to be logged out is no error::

        path("o/logout/", RPInitiatedLogoutView.as_view())  # before oauth2_provider.urls
    """

    template_name = "django_logout/provider_logout.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask, unless this is the answer of the user."""
        if request.POST.keys().isdisjoint({"allow", "deny"}):
            request.GET = request.POST
            return self.get(request, *args, **kwargs)
        answer: Any = csrf_protect(super().post)(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who asks, who will hear, and the names of the buttons."""
        asking = kwargs.get("application")
        return super().get_context_data(  # type: ignore[no-any-return]
            told=applications_of(self.request),
            asking=asking and (asking.name or asking.client_id),
            yes=("allow", "yes"),
            no=("deny", "yes"),
            **kwargs,
        )

    def error_response(self, error: Any) -> Any:
        """Show the library's page."""
        self.template_name = oidc.RPInitiatedLogoutView.template_name
        return super().error_response(error)

    def validate_logout_request_user(self, id_token_hint: Any, client_id: Any) -> Any:
        """Return the ID token of a hint, also if it has been deleted. Then the user is unknown."""
        try:
            return super().validate_logout_request_user(id_token_hint, client_id)
        except InvalidIDTokenError:
            deleted = self._find_deleted(id_token_hint)
            if deleted is None:
                raise
            if client_id and deleted.application.client_id != client_id:
                raise ClientIdMissmatch from None
            return deleted

    def _find_deleted(self, hint: str) -> Any:
        validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
        try:
            key = validator._get_key_for_token(hint)
            claims = json.loads(jwt.JWT(key=key, jwt=hint, check_claims={}).claims) if key else {}
        except (JWException, ValueError):
            return None
        if claims.get("iss") != validator.get_oidc_issuer_endpoint(self.request):
            return None
        application = validator._get_client_by_audience(claims["aud"])
        return SimpleNamespace(application=application, user=None)


class _LogoutMetadata:
    """Mixin in front of the library's views for applications that register themselves (RFC 7591 and
    7592), which take nothing about logouts, and have no hook for it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            response: Any = super().dispatch(request, *args, **kwargs)
            if response.status_code == 204:
                register(kwargs["client_id"], {})
            if response.status_code not in {200, 201}:
                return response
            document = json.loads(response.content)
            try:
                if request.method != "GET":
                    _take(document["client_id"], json.loads(request.body))
            except ValidationError as error:
                transaction.set_rollback(True)
                said = {"error": "invalid_client_metadata", "error_description": error.messages[0]}
                return JsonResponse(said, status=400)
            uris = _find_application(document["client_id"]).post_logout_redirect_uris.split()
            document |= {URIS_METADATA: uris} if uris else {}
            document |= registered_metadata(document["client_id"])
            response.content = json.dumps(document).encode()
            return response


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class ClientRegistrationView(_LogoutMetadata, views.DynamicClientRegistrationView):
    """The library's view, where applications also say where they hear of logouts::

    path("o/register/", ClientRegistrationView.as_view())  # before oauth2_provider.urls
    """


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class ClientRegistrationManagementView(
    _LogoutMetadata, views.DynamicClientRegistrationManagementView
):
    """The library's view, where applications change or withdraw what they have registered::

    path("o/register/<str:client_id>/", ClientRegistrationManagementView.as_view())
    """


class OauthToolkit:
    """The library, as this package uses it (see :class:`Library`)."""

    hint = 'OAUTH2_PROVIDER = {"OAUTH2_VALIDATOR_CLASS": "django_logout.contrib.oauth_toolkit.Validator"}'

    def is_connected(self) -> bool:
        """Return whether the project uses the validator, or the mixin."""
        return issubclass(oauth2_settings.OAUTH2_VALIDATOR_CLASS, ValidatorMixin)

    def connect(self) -> None:
        """Add to what the provider publishes. The library has no hook for it."""
        view: Any = oidc.ConnectDiscoveryInfoView
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


def _find_application(client_id: str) -> Any:
    return get_application_model()._default_manager.get(client_id=client_id)


def _take(client_id: str, metadata: Mapping[str, Any]) -> None:
    """Store what an application says about logouts. Raise ``ValidationError`` for what is wrong."""
    uris = metadata.get(URIS_METADATA, [])
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise ValidationError(f"{URIS_METADATA} is no list of URIs.")
    application = _find_application(client_id)
    application.post_logout_redirect_uris = " ".join(uris)
    application.full_clean()
    application.save(update_fields=["post_logout_redirect_uris"])
    register(client_id, metadata)
