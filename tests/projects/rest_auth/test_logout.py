"""dj-rest-auth: its login, its logout, and its cookies, which go with ours."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from dj_rest_auth.app_settings import api_settings
from django.test import Client
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import AccessToken

from django_logout import Target, end_sessions
from django_logout.contrib.drf.dj_rest_auth_views import LogoutView
from django_logout.guard import status_cache
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
    answer = getattr(here, how)("/stock/logout/")
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
    here.post("/stock/logout/")
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


@pytest.mark.parametrize("how", ["post", "get"])
def test_ours_in_its_place_says_what_is_so(
    here: Client, user: Any, settings: Any, how: str
) -> None:
    """The same, in the library's words; again, and after everything has ended, that is success."""
    settings.ACCOUNT_LOGOUT_ON_GET = how == "get"
    copied = tokens(here)
    answer = getattr(here, how)("/auth/logout/")
    assert (answer.status_code, answer.json()) == (200, {"detail": "Successfully logged out."})
    event = LogoutEvent.objects.get()
    ended = {name: outcome["ended"] for name, outcome in event.outcomes.items() if outcome["ended"]}
    assert ended == {"session": 1, "cookie": 2, "simplejwt": 1}
    assert (signed_in(here), works(copied)) == ("", (False, False))
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)
    for client in (here, copied):
        assert getattr(client, how)("/auth/logout/").status_code == 200


def test_ended_from_elsewhere_logging_out_is_success(here: Client, user: Any) -> None:
    """Though its tokens let nobody in any more."""
    end_sessions(Target.user(user))
    answer = here.post("/auth/logout/")
    assert (answer.status_code, answer.json()["detail"]) == (200, "Successfully logged out.")
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)


@pytest.mark.parametrize("kept", ["access", "refresh"])
@pytest.mark.parametrize("url", ["/auth/logout/", "/drf/logout/"])
def test_the_login_of_either_cookie_ends(
    here: Client, monkeypatch: pytest.MonkeyPatch, clock: Any, kept: str, url: str
) -> None:
    """Without a session; one that has expired, too."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied, browser = tokens(here), tokens(here)
    for name in {*NAMES} - {kept}:
        del browser.cookies[name]
    clock.shift(timedelta(hours=2))
    assert works(copied) == (False, True)
    assert browser.post(url).status_code == 200
    assert works(copied) == (False, False)


def test_without_a_session_the_login_of_the_token_ends(
    here: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its access token, which the library's view leaves alone."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied = tokens(here)
    assert tokens(here).post("/stock/logout/").status_code == 200
    assert works(copied) == (True, False)
    assert tokens(here).post("/auth/logout/").status_code == 200
    assert works(copied) == (False, False)


def test_by_a_refresh_token_in_the_body(
    here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where scripts may read them, it is sent so."""
    monkeypatch.setattr(api_settings, "JWT_AUTH_HTTPONLY", False)
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied = tokens(here)
    sent = {"refresh": here.cookies["refresh"].value}
    assert Client().post("/auth/logout/", sent).status_code == 200
    assert works(copied) == (False, False)


def test_what_goes_on_is_not_said_to_have_ended(user: Any, here: Client) -> None:
    """An access token that does not say of which login it is, and no refresh token."""
    access = str(AccessToken.for_user(user))
    answer = Client().post("/auth/logout/", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("way", [BasicAuthentication, SessionAuthentication])
def test_nor_what_is_no_token(
    user: Any, here: Client, monkeypatch: pytest.MonkeyPatch, way: type[Any]
) -> None:
    """A password that is sent each time, and a session where the library leaves those alone."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    monkeypatch.setattr(LogoutView, "authentication_classes", [way])
    client = Client()
    client.force_login(user)
    password = {"Authorization": "Basic " + b64encode(b"ann:pw").decode()}
    assert client.post("/auth/logout/", headers=password).status_code == 401
    assert signed_in(client) == "ann"
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", True)
    ended = 200 if way is SessionAuthentication else 401
    assert client.post("/auth/logout/", headers=password).status_code == ended
    assert signed_in(client) == ""


def test_a_forged_request_ends_nothing(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library asks for the CSRF token of cookies, so do we, of each."""
    monkeypatch.setattr(api_settings, "JWT_AUTH_COOKIE_USE_CSRF", True)
    copied = tokens(here)
    browser = tokens(here)
    browser.handler.enforce_csrf_checks = True
    assert browser.post("/auth/logout/").status_code == 403
    del browser.cookies["access"]
    browser.post("/drf/logout/")
    monkeypatch.setattr(api_settings, "JWT_AUTH_COOKIE_USE_CSRF", False)
    assert works(copied) == (True, True)


def test_what_cannot_be_ended_is_said(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and everything as it was."""
    monkeypatch.setattr(status_cache, "is_used", lambda engine: True)
    monkeypatch.setattr(status_cache, "can_write", lambda: False)
    assert here.post("/auth/logout/").status_code == 503
    monkeypatch.undo()
    assert signed_in(here) == "ann"


def test_nonsense_is_no_error(user: Any) -> None:
    """Whatever is sent, nobody is logged in by it."""
    for sent in ([1], {"refresh": 5}, {"refresh": "x"}):
        answer = Client().post("/auth/logout/", sent, content_type="application/json")
        assert answer.status_code == 200
    assert (
        Client().post("/auth/logout/", headers={"Authorization": "Bearer a b"}).status_code == 200
    )


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_cannot_be_read_keeps_nobody_in(here: Client, kind: str) -> None:
    """Nor the cookies, which are deleted with the answer."""
    copied = tokens(here)
    answer = here.post("/auth/logout/", "{", content_type=kind)
    assert answer.status_code == 200
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)
    assert (signed_in(here), works(copied)) == ("", (False, False))
