"""What the car site tells other sites of those who log in."""

from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator

from django_logout.contrib.oauth_toolkit import ValidatorMixin


class Validator(ValidatorMixin, OAuth2Validator):  # type: ignore[misc]
    """Adds the user's name to the ID token."""

    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "preferred_username": "profile"}

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return the claims beside those of the library."""
        return {"preferred_username": request.user.get_username()}
