"""What a project adds to our validator: the claims of its users."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from django_logout.contrib.oauth_toolkit import ValidatorMixin


class Validator(ValidatorMixin, OAuth2Validator):
    """With the mixin in front, as the documentation says."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return what identifies the user at the application."""
        user = request.user
        return {
            "email": user.email,
            "email_verified": True,
            "preferred_username": user.get_username(),
        }
