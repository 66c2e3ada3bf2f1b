"""A single-page site logs in and out by allauth's API for browsers, with the session's cookie."""

import json

import pytest

from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
API = "/_allauth/browser/v1"


class TestBrowserClient(Journeys):
    """By calls of a script, which sends the CSRF token of the cookie."""

    def token(self, visitor: Visitor) -> dict[str, str]:
        """Return the header with the CSRF token."""
        return {"X-CSRFToken": visitor.client().cookies["csrftoken"].value}

    def log_in(self, visitor: Visitor) -> None:
        """By a call with name and password."""
        visitor.client().get(f"{API}/config")
        answer = visitor.client().post(
            f"{API}/auth/login",
            json.dumps({"username": "ann", "password": "pw"}),
            content_type="application/json",
            headers=self.token(visitor),
        )
        assert answer.status_code == 200, answer.content

    def log_out(self, visitor: Visitor) -> None:
        """By the call that allauth has for it, which answers 401: not authenticated any more."""
        answer = visitor.client().delete(f"{API}/auth/session", headers=self.token(visitor))
        assert (answer.status_code, answer.json()["meta"]) == (401, {"is_authenticated": False})
        visitor.visit("/")
