"""JSON for fetch and API clients as documented, and problem details (RFC 9457) for errors."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from django_logout import Target, end_sessions
from django_logout.responses.base import Kind, respond
from tests.clients import LOGOUT, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"Accept": "application/json"}


def test_success(engine: str, ann: Client) -> None:
    """On every engine: 200, what ended, where to go, and no caching."""
    ann.get("/write/")

    response = ann.post(LOGOUT, {"next": "/quiet/"}, headers=JSON)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    assert response.json() == {
        "logged_out": True,
        "complete": True,
        "reason": "user",
        "ended": {"session": 1},
        "failed": [],
        "redirect_to": "/quiet/",
    }


def test_a_logout_without_a_login_succeeds_and_ends_nothing(client: Client) -> None:
    """The client is logged out, which is what it asked for."""
    found = client.post(LOGOUT, headers=JSON).json()

    assert (found["logged_out"], found["ended"]) == (True, {})


def test_a_revoker_that_fails_is_named(ann: Client, settings: Any) -> None:
    """The client is logged out, but the result is not complete."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}

    found = ann.post(LOGOUT, headers=JSON).json()

    assert found["logged_out"]
    assert (found["complete"], found["failed"]) == (False, ["broken"])


def test_a_fetch_sends_the_csrf_token_in_a_header(user: Any) -> None:
    """Without Django's header and without another proof of origin, it gets a problem."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.get(LOGOUT)

    response = client.post(LOGOUT, headers=JSON)
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert logged_in_as(client) == "ann"

    token = client.cookies["csrftoken"].value
    assert client.post(LOGOUT, headers=JSON | {"X-CSRFToken": token}).status_code == 200
    assert logged_in_as(client) == ""


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json, text/html;q=0.5", True),
        ("text/html, application/json;q=0.5", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("*/*", False),
        ("image/png", False),
        ("", False),
    ],
)
def test_clients_that_prefer_json_get_json(ann: Client, accept: str, is_json: bool) -> None:
    """The weights of the Accept header decide."""
    response = ann.post(LOGOUT, headers={"Accept": accept})

    assert (response["Content-Type"] == "application/json") is is_json


@pytest.mark.parametrize("sent", [JSON, {"Sec-Fetch-Dest": "empty", "Accept": "*/*"}])
def test_an_ended_session_is_401_with_the_reason(
    engine: str, user: Any, ann: Client, sent: dict[str, str]
) -> None:
    """This holds for an API client, and for a fetch without a preference."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.get("/private/?page=2", headers=sent)

    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert "no-store" in response["Cache-Control"]
    assert response.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "An administrator ended your session.",
        "reason": "admin",
        "login_url": "/login/?next=/private/%3Fpage%3D2",
    }


def test_an_anonymous_client_is_not_told_that_a_session_ended(client: Client) -> None:
    """It gets Django's redirect."""
    assert client.get("/private/", headers=JSON).status_code == 302


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        (Kind.NOT_ENDED, 503, "Service Unavailable"),
        (Kind.CSRF_FAILED, 403, "Forbidden"),
        (Kind.NOT_ALLOWED, 405, "Method Not Allowed"),
    ],
)
def test_problems(kind: Kind, status: int, title: str) -> None:
    """Each has the fields of RFC 9457. The temporary one says when to try again."""
    request = RequestFactory().post("/", headers=JSON)

    response = respond(request, kind)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.content.decode()
    assert f'"status": {status}' in body
    assert f'"title": "{title}"' in body
    assert ("Retry-After" in response) is (kind is Kind.NOT_ENDED)
