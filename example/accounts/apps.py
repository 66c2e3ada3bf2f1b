"""Logging in, and every way to log out."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Logging in and out."""

    name = "accounts"

    def ready(self) -> None:
        """Listen to what the package announces."""
        from accounts import receivers  # noqa: F401
