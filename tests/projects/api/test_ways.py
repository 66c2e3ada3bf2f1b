"""Whatever way of authentication lets a client in, the endpoints end what it came in with, and nothing beside it."""

from base64 import b64encode
from typing import Any

import pytest
from django.test import AsyncClient, Client
from rest_framework.authtoken.models import Token

from tests.clients import copy_of

pytestmark = pytest.mark.django_db(transaction=True)

BY_SESSION = ["drf", "ninja", "own_class", "by_user", "by_truth", "by_user_async"]
BY_TOKEN = ["by_header_async", "by_row_async", "by_payload"]
#: What a browser says of a request from the page's own origin, with a CSRF token of another login.
VOUCHED = {"sec-fetch-site": "same-origin", "x-csrftoken": "a" * 32}


def browser(user: Any) -> Client:
    """Return a browser that is logged in, and checked for CSRF."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def bearer(user: Any) -> dict[str, str]:
    """Return the header of a program with a token."""
    token, _ = Token.objects.get_or_create(user=user)
    return {"authorization": f"Bearer {token.key}"}


@pytest.mark.parametrize("way", BY_SESSION)
def test_session_is_listed_and_logs_itself_out(user: Any, way: str) -> None:
    """A stale CSRF token is no obstacle, as on the page."""
    client = browser(user)
    listed = client.get(f"/{way}/sessions/", headers=VOUCHED).json()["sessions"]
    assert [session["current"] for session in listed] == [True]
    copied = copy_of(client)
    said = client.post(f"/{way}/logout/", headers=VOUCHED)
    assert (said.status_code, said.json()["logged_out"]) == (200, True)
    assert copied.get(f"/{way}/sessions/").status_code in {401, 403}


@pytest.mark.parametrize("way", BY_SESSION)
@pytest.mark.parametrize("path", ["logout/", "sessions/end-others/", "sessions/end-all/"])
def test_another_site_cannot_end_a_session(user: Any, way: str, path: str) -> None:
    """Not even where the way of authentication itself would let it."""
    client = browser(user)
    refused = client.post(f"/{way}/{path}", headers={**VOUCHED, "sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert client.get(f"/{way}/sessions/").status_code == 200


@pytest.mark.parametrize("way", BY_TOKEN)
def test_token_ends_itself_or_says_that_it_cannot(user: Any, other: Any, way: str) -> None:
    """The session beside it stays. A way that does not tell which token it was cannot end it."""
    client, headers = browser(other), bearer(user)
    known = way != "by_payload"
    said = client.post(f"/{way}/logout/", headers=headers).json()
    assert said["logged_out"] is known
    assert Token.objects.exists() is not known
    assert client.get("/drf/sessions/").status_code == 200


def test_way_that_sets_the_user_lists_that_users_sessions(user: Any, other: Any) -> None:
    """Not those of the session beside it."""
    browser(user)
    client, headers = browser(other), bearer(user)
    kinds = {"session", "drf_token"}
    listed = client.get("/by_payload/sessions/", headers=headers).json()["sessions"]
    assert {session["kind"] for session in listed} == kinds
    assert not any(session["current"] for session in listed)
    said = client.post("/by_payload/sessions/end-all/", headers=headers).json()
    assert said["ended"] == {"session": 1, "drf_token": 1}
    assert client.get("/drf/sessions/").status_code == 200


def test_machine_is_no_user(user: Any) -> None:
    """Even with a session beside it."""
    client = browser(user)
    assert client.get("/by_address/sessions/").status_code == 401
    assert client.post("/by_address/logout/").json()["logged_out"] is False
    assert client.get("/drf/sessions/").status_code == 200


def test_password_in_each_request_is_no_session(user: Any) -> None:
    """The same user's session beside it stays, and nothing is claimed."""
    client = browser(user)
    basic = {"authorization": f"Basic {b64encode(b'ann:pw').decode()}"}
    assert client.post("/basic/logout/", headers=basic).json()["logged_out"] is False
    assert client.get("/drf/sessions/").status_code == 200


@pytest.mark.parametrize("way", ["by_user_async", "by_row_async"])
async def test_asynchronous_server(user: Any, way: str) -> None:
    """A way that does not block works there, too."""
    client = AsyncClient()
    await client.aforce_login(user)
    token = await Token.objects.acreate(user=user)
    headers = {**VOUCHED, "authorization": f"Bearer {token.key}"}
    said = await client.post(f"/{way}/logout/", headers=headers)
    assert said.json()["logged_out"] is True
