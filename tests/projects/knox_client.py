"""An API client with a token of Knox."""

from base64 import b64encode
from typing import Any

from django.test import Client
from knox.models import get_token_model

from tests.projects.tokens.urls import urlpatterns  # noqa: F401 - as early as a server imports them


def obtain(name: str = "ann") -> str:
    """Log in with a name and a password, and return the token."""
    basic = b64encode(f"{name}:pw".encode()).decode()
    answer = Client().post("/api/knox/login/", headers={"Authorization": f"Basic {basic}"})
    return str(answer.json()["token"])


def call(token: str, path: str = "", client: Client | None = None) -> Any:
    """Send one request with the token."""
    how = (client or Client()).post if path else (client or Client()).get
    return how(f"/api/knox/{path}", headers={"Authorization": f"Knox {token}"})


def works(token: str) -> bool:
    """Return whether the API accepts the token."""
    status = call(token).status_code
    assert status in {200, 401}
    return bool(status == 200)


def make_many(user: Any, number: int) -> None:
    """Give a user so many tokens."""
    model = get_token_model()
    model.objects.bulk_create(model(user=user, digest=str(n), token_key=n) for n in range(number))
