"""Scripts log in and out with the session, and apps with tokens."""

from typing import Any

import pytest
from django.test import Client

from django_logout import Target, end_sessions
from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestControllers(Journeys):
    """By the API."""

    def log_in(self, visitor: Visitor) -> None:
        """By name and password."""
        visitor.visit("/api/session/token")
        visitor.post("/api/session/login?username=ann&password=pw")
        assert visitor.page.json() == {"user": "ann"}

    def log_out(self, visitor: Visitor) -> None:
        """By a call, with the CSRF token."""
        visitor.post("/api/session/logout")

    def who(self, visitor: Visitor) -> str:
        """Return the user, provided that the API and the pages agree."""
        answer = visitor.client().get("/api/session/who")
        assert answer.status_code == (200 if visitor.who() else 401)
        assert answer.json().get("user", "") == visitor.who()
        return visitor.who()


def test_tokens_outlive_every_logout(user: Any) -> None:
    """What is not reached."""
    app = Client()
    pair = app.post(
        "/api/token/pair", {"username": "ann", "password": "pw"}, content_type="application/json"
    ).json()
    end_sessions(Target.user(user))
    bearer = {"Authorization": f"Bearer {pair['access']}"}
    assert app.get("/api/app/who", headers=bearer).json() == {"user": "ann"}
