"""Users by their names, and their browsers."""

from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client


def named(*names: str) -> Any:
    """These users."""
    return get_user_model().objects.filter(username__in=names)


def signed_in(user: Any) -> Client:
    """A browser of a user's."""
    client = Client()
    client.force_login(user)
    client.get("/")
    return client


def who(client: Client) -> bytes:
    """Whom a page is served to."""
    return client.get("/").content
