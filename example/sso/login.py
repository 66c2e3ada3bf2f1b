"""Users who are known by their names at the provider."""

from typing import Any

from django.contrib.auth import get_user_model
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class ByName(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Finds users by name; the library does by mail address. Only the car site names any."""

    def verify_claims(self, claims: Any) -> bool:
        """Return whether there is a name."""
        return bool(claims.get("preferred_username"))

    def name(self, claims: Any) -> str:
        """Return the user's name here."""
        return str(claims["preferred_username"])

    def filter_users_by_claims(self, claims: Any) -> Any:
        """Return the user with that name."""
        return get_user_model().objects.filter(username=self.name(claims))

    def create_user(self, claims: Any) -> Any:
        """Create the user, who has no password here."""
        return get_user_model().objects.create_user(self.name(claims))


class AtCompany(ByName):
    """Users of the car site who log in at the company, where anyone may call themselves "admin"."""

    def name(self, claims: Any) -> str:
        """Return a name that no user with a password has."""
        return f"{super().name(claims)}@company"
