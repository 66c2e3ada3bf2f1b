"""An API client with a token of REST framework."""

from django.test import Client


def obtain(name: str = "ann") -> str:
    """Log in with a name and a password, and return the token."""
    answer = Client().post("/api/token/", {"username": name, "password": "pw"})
    return str(answer.json()["token"])


def works(token: str) -> bool:
    """Return whether the API accepts the token."""
    status = Client().get("/api/who/", headers={"Authorization": f"Token {token}"}).status_code
    assert status in {200, 401, 403}
    return status == 200
