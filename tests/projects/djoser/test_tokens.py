"""An app logs in and out."""

from typing import Any

import pytest
from django.test import Client

from django_logout import Target, end_sessions
from tests.clients import copy_of, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(app: Client) -> dict[str, str]:
    """Return the header with a new token."""
    answer = app.post("/auth/token/login/", {"username": "ann", "password": "pw"})
    assert answer.status_code == 200, answer.content
    return {"Authorization": f"Token {answer.json()['auth_token']}"}


def who(token: dict[str, str]) -> str:
    """Return whom the API serves by the token alone."""
    return str(Client().get("/auth/users/me/", headers=token).json().get("username", ""))


def test_logout_ends_the_token(user: Any) -> None:
    """By djoser's endpoint."""
    app = Client(enforce_csrf_checks=True)
    token = log_in(app)
    assert who(token) == "ann"
    assert app.post("/auth/token/logout/", headers=token).status_code == 204
    assert who(token) == ""


@pytest.mark.slow
def test_end_sessions_reaches_the_token(user: Any) -> None:
    """Although it has no session."""
    token = log_in(Client())
    assert end_sessions(Target.user(user)).complete
    assert who(token) == ""


@pytest.mark.slow
def test_session_of_the_login_ends_with_the_token(engine: str, user: Any, settings: Any) -> None:
    """With ``CREATE_SESSION_ON_LOGIN``."""
    settings.DJOSER = {"CREATE_SESSION_ON_LOGIN": True}
    app = Client()
    token, thief = log_in(app), copy_of(app)
    assert (logged_in_as(app), logged_in_as(thief)) == ("ann", "ann")
    assert app.post("/auth/token/logout/", headers=token).status_code == 204
    assert (who(token), logged_in_as(app), logged_in_as(thief)) == ("", "", "")
