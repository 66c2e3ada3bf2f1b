"""dj-rest-auth: its login, its logout, and its cookies, which go with ours."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.pages import LOGOUT, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("access", "refresh")


@pytest.fixture
def here(user: Any) -> Client:
    """A browser that has logged in with the library, and has a session and both cookies."""
    client = Client()
    answer = client.post("/auth/login/", {"username": "ann", "password": "pw"})
    assert answer.status_code == 200, answer.content
    assert all(answer.cookies[name]["secure"] for name in NAMES)
    return client


def tokens(client: Client) -> Client:
    """Somebody who has copied the tokens, and no session."""
    thief = Client()
    for name in NAMES:
        thief.cookies[name] = client.cookies[name].value
    return thief


def works(client: Client) -> tuple[bool, bool]:
    """Whether the access token lets in; whether the refresh token is worth another."""
    asked = client.get("/api/who/").status_code
    exchanged = client.post("/auth/token/refresh/").status_code
    assert {asked, exchanged} <= {200, 401}
    return asked == 200, exchanged == 200


def test_tokens_in_cookies_let_in(here: Client) -> None:
    """As the library means it; exchanged they go on, in a new pair of cookies."""
    copied = tokens(here)
    assert works(copied) == (True, True)
    assert copied.cookies["refresh"].value != here.cookies["refresh"].value
    assert works(copied) == (True, True)


def test_our_logout_deletes_its_cookies(here: Client) -> None:
    """As they were set, though the browser does not send the one for another path to us."""
    copied = tokens(here)
    here.get("/api/who/")
    del here.cookies["refresh"]
    answer = here.post(LOGOUT)
    gone = {name: answer.cookies[name] for name in NAMES}
    assert {name: gone[name]["path"] for name in NAMES} == {"access": "/", "refresh": "/auth/"}
    for cookie in gone.values():
        assert (cookie["max-age"], cookie["domain"], cookie["samesite"]) == (
            0,
            "testserver",
            "Strict",
        )
        assert cookie["secure"]
    assert works(copied) == (True, True)  # of a login of their own: see below


def test_everywhere_ends_the_tokens(here: Client, user: Any) -> None:
    """Access and refresh, at once."""
    copied = tokens(here)
    end_sessions(Target.user(user))
    assert works(copied) == (False, False)


@pytest.mark.parametrize("how", ["post", "get"])
def test_its_own_logout_goes_through_the_door(
    here: Client, user: Any, settings: Any, how: str
) -> None:
    """One event: the browser's session, and the login of the token in its cookie. (It answers 401,
    since it then finds the refresh token blacklisted already.)"""
    settings.ACCOUNT_LOGOUT_ON_GET = how == "get"
    copied = tokens(here)
    answer = getattr(here, how)("/auth/logout/")
    assert (answer.status_code, "blacklisted" in answer.json()["detail"]) == (401, True)
    event = LogoutEvent.objects.get()
    ended = {name: outcome["ended"] for name, outcome in event.outcomes.items() if outcome["ended"]}
    assert (event.reason, event.scope, event.actor) == ("user", "current", user)
    assert ended == {"session": 1, "cookie": 2, "simplejwt": 1}
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert (signed_in(here), works(copied)) == ("", (False, False))
    assert BlacklistedToken.objects.count() == 1
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)


def test_its_own_logout_ends_the_token_of_rest_framework(here: Client, user: Any) -> None:
    """The library deletes it; the session goes through the door."""
    token = Token.objects.create(user=user)
    here.post("/auth/logout/")
    who = Client().get("/api/who/", headers={"Authorization": f"Token {token.key}"})
    assert (who.status_code, LogoutEvent.objects.count()) == (401, 1)


def test_a_changed_password_ends_the_tokens(here: Client, user: Any) -> None:
    """By its own view, in the browser that has them."""
    copied = tokens(here)
    new = {"new_password1": "qz7-kk3-mm9", "new_password2": "qz7-kk3-mm9"}
    assert here.post("/auth/password/change/", new).status_code == 200
    assert works(copied) == (False, False)
    assert LogoutEvent.objects.get().reason == "password_changed"


def test_without_settings_there_are_no_cookies(here: Client, settings: Any) -> None:
    """None are deleted that are not there."""
    settings.REST_AUTH = None
    answer = here.post(LOGOUT)
    assert not set(NAMES) & set(answer.cookies)
