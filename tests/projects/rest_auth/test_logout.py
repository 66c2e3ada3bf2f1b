"""dj-rest-auth's login, logout and token cookies."""

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
from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies import session_limits
from tests.clients import LOGOUT, logged_in_as
from tests.outages import make_cache_unwritable
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("access", "refresh")


@pytest.fixture
def here(user: Any) -> Client:
    """Return a browser that logged in with the library, with a session and both cookies."""
    client = Client()
    answer = client.post("/auth/login/", {"username": "ann", "password": "pw"})
    assert answer.status_code == 200, answer.content
    assert all(answer.cookies[name]["secure"] for name in NAMES)
    return client


def tokens(client: Client) -> Client:
    """Return a thief's browser, which has copied the tokens but not the session."""
    thief = Client()
    for name in NAMES:
        thief.cookies[name] = client.cookies[name].value
    return thief


def works(client: Client) -> tuple[bool, bool]:
    """Return whether the access token authenticates, and whether the refresh token works."""
    asked = client.get("/api/who/").status_code
    exchanged = client.post("/auth/token/refresh/").status_code
    assert {asked, exchanged} <= {200, 401}
    return asked == 200, exchanged == 200


def test_token_cookies_authenticate(here: Client) -> None:
    """A refresh sets a new pair of cookies."""
    copied = tokens(here)
    assert works(copied) == (True, True)
    assert copied.cookies["refresh"].value != here.cookies["refresh"].value
    assert works(copied) == (True, True)


def test_our_logout_deletes_token_cookies(here: Client) -> None:
    """With the attributes they were set with, although the browser does not send the one for
    another path."""
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
    assert works(copied) == (False, False)  # One login has given the session and the tokens.


def test_everywhere_revokes_tokens(here: Client, user: Any) -> None:
    """Access and refresh token, at once."""
    copied = tokens(here)
    end_sessions(Target.user(user))
    assert works(copied) == (False, False)


@pytest.mark.parametrize("how", ["post", "get"])
def test_stock_logout_is_one_ending(here: Client, user: Any, settings: Any, how: str) -> None:
    """One event covers the browser's session and the session of the token in its cookie. The view
    answers 401, because it then finds the refresh token blacklisted."""
    settings.ACCOUNT_LOGOUT_ON_GET = how == "get"
    copied = tokens(here)
    answer = getattr(here, how)("/stock/logout/")
    assert (answer.status_code, "blacklisted" in answer.json()["detail"]) == (401, True)
    event = LogoutEvent.objects.get()
    ended = {name: outcome["ended"] for name, outcome in event.outcomes.items() if outcome["ended"]}
    assert (event.reason, event.scope, event.actor) == ("user", "current", user)
    assert ended == {"session": 1, "cookie": 2, "simplejwt": 1}
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert (logged_in_as(here), works(copied)) == ("", (False, False))
    assert BlacklistedToken.objects.count() == 1
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)


def test_stock_logout_deletes_drf_token(here: Client, user: Any) -> None:
    """The library deletes it, and we end the session."""
    token = Token.objects.create(user=user)
    here.post("/stock/logout/")
    who = Client().get("/api/who/", headers={"Authorization": f"Token {token.key}"})
    assert (who.status_code, LogoutEvent.objects.count()) == (401, 1)


def test_password_change_revokes_other_tokens(here: Client, user: Any) -> None:
    """By the library's view. The browser that makes the change keeps its tokens."""
    elsewhere = Client()
    elsewhere.post("/auth/login/", {"username": "ann", "password": "pw"})
    new = {"new_password1": "qz7-kk3-mm9", "new_password2": "qz7-kk3-mm9"}
    assert here.post("/auth/password/change/", new).status_code == 200
    assert (works(here), works(elsewhere)) == ((True, True), (False, False))
    assert LogoutEvent.objects.get().reason == "password_changed"


def test_no_cookies_without_settings(here: Client, settings: Any) -> None:
    """We delete no cookies that are not configured."""
    settings.REST_AUTH = None
    answer = here.post(LOGOUT)
    assert not set(NAMES) & set(answer.cookies)


@pytest.mark.parametrize("how", ["post", "get"])
def test_our_view_answers_with_success(here: Client, user: Any, settings: Any, how: str) -> None:
    """The same ending, in the library's words; a repetition succeeds too."""
    settings.ACCOUNT_LOGOUT_ON_GET = how == "get"
    copied = tokens(here)
    answer = getattr(here, how)("/auth/logout/")
    assert (answer.status_code, answer.json()) == (200, {"detail": "Successfully logged out."})
    event = LogoutEvent.objects.get()
    ended = {name: outcome["ended"] for name, outcome in event.outcomes.items() if outcome["ended"]}
    assert ended == {"session": 1, "cookie": 2, "simplejwt": 1}
    assert (logged_in_as(here), works(copied)) == ("", (False, False))
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)
    for client in (here, copied):
        assert getattr(client, how)("/auth/logout/").status_code == 200


def test_logout_after_ending_elsewhere_succeeds(here: Client, user: Any) -> None:
    """Although the tokens authenticate no more."""
    end_sessions(Target.user(user))
    answer = here.post("/auth/logout/")
    assert (answer.status_code, answer.json()["detail"]) == (200, "Successfully logged out.")
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)


@pytest.mark.parametrize("kept", ["access", "refresh"])
@pytest.mark.parametrize("url", ["/auth/logout/", "/drf/logout/"])
def test_either_cookie_ends_its_session(
    here: Client, monkeypatch: pytest.MonkeyPatch, clock: Any, kept: str, url: str
) -> None:
    """Without a browser session, and with an expired access token."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied, browser = tokens(here), tokens(here)
    for name in {*NAMES} - {kept}:
        del browser.cookies[name]
    clock.shift(timedelta(hours=2))
    assert works(copied) == (False, True)
    assert browser.post(url).status_code == 200
    assert works(copied) == (False, False)


@pytest.mark.parametrize("url", ["/stock/logout/", "/auth/logout/"])
def test_logout_without_browser_session_revokes_access_token(
    here: Client, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """By the library's view, which blacklists the refresh token, and by ours."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied = tokens(here)
    assert tokens(here).post(url).status_code == 200
    assert works(copied) == (False, False)


def test_refresh_token_in_request_body(
    here: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where scripts can read the tokens, they send them so."""
    monkeypatch.setattr(api_settings, "JWT_AUTH_HTTPONLY", False)
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    copied = tokens(here)
    sent = {"refresh": here.cookies["refresh"].value}
    assert Client().post("/auth/logout/", sent).status_code == 200
    assert works(copied) == (False, False)


def test_access_token_without_session_gets_401(user: Any, here: Client) -> None:
    """It stays valid, so the response does not claim success."""
    access = str(AccessToken.for_user(user))
    answer = Client().post("/auth/logout/", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("way", [BasicAuthentication, SessionAuthentication])
def test_other_authentication_gets_401(
    user: Any, here: Client, monkeypatch: pytest.MonkeyPatch, way: type[Any]
) -> None:
    """A password that is sent with each request, and a session where the library uses none."""
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", False)
    monkeypatch.setattr(LogoutView, "authentication_classes", [way])
    client = Client()
    client.force_login(user)
    password = {"Authorization": "Basic " + b64encode(b"ann:pw").decode()}
    assert client.post("/auth/logout/", headers=password).status_code == 401
    assert logged_in_as(client) == "ann"
    monkeypatch.setattr(api_settings, "SESSION_LOGIN", True)
    ended = 200 if way is SessionAuthentication else 401
    assert client.post("/auth/logout/", headers=password).status_code == ended
    assert logged_in_as(client) == ""


def test_csrf_is_enforced_for_each_cookie(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library asks for the CSRF token, we do as well."""
    monkeypatch.setattr(api_settings, "JWT_AUTH_COOKIE_USE_CSRF", True)
    copied = tokens(here)
    browser = tokens(here)
    browser.handler.enforce_csrf_checks = True
    assert browser.post("/auth/logout/").status_code == 403
    del browser.cookies["access"]
    browser.post("/drf/logout/")
    monkeypatch.setattr(api_settings, "JWT_AUTH_COOKIE_USE_CSRF", False)
    assert works(copied) == (True, True)


def test_outage_gets_503(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session stays active."""
    make_cache_unwritable(monkeypatch)
    assert here.post("/auth/logout/").status_code == 503
    monkeypatch.undo()
    assert logged_in_as(here) == "ann"


def test_malformed_tokens_are_no_error(user: Any) -> None:
    """No user is authenticated by them, so there is nothing to end."""
    for sent in ([1], {"refresh": 5}, {"refresh": "x"}):
        answer = Client().post("/auth/logout/", sent, content_type="application/json")
        assert answer.status_code == 200
    assert (
        Client().post("/auth/logout/", headers={"Authorization": "Bearer a b"}).status_code == 200
    )


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_unreadable_body_still_logs_out(here: Client, kind: str) -> None:
    """The cookies are deleted with the response."""
    copied = tokens(here)
    answer = here.post("/auth/logout/", "{", content_type=kind)
    assert answer.status_code == 200
    assert all(answer.cookies[name]["max-age"] == 0 for name in NAMES)
    assert (logged_in_as(here), works(copied)) == ("", (False, False))


@pytest.mark.parametrize("order", ["end_oldest", "refuse"])
def test_login_takes_one_place(user: Any, settings: Any, mailoutbox: Any, order: str) -> None:
    """Its tokens belong to its session, and neither ends for the other."""
    settings.LOGOUT = {
        "MAX_SESSIONS": 1,
        "ON_MAX_SESSIONS": order,
        "NOTIFY": ["sessions_ended", "new_device"],
    }
    user.email = "ann@example.com"
    user.save()
    here, elsewhere = Client(), Client()
    form = {"username": "ann", "password": "pw"}
    assert here.post("/auth/login/", form).status_code == 200
    assert LoginSession.objects.filter(ended_at=None).count() == 2
    assert works(here) == (True, True)
    assert (logged_in_as(here), len(mailoutbox)) == ("ann", 0)

    refused = elsewhere.post("/auth/login/", form).status_code != 200

    assert refused is (order == "refuse")
    assert works(here) == (refused, refused)
    assert works(elsewhere) == (not refused, not refused)
    assert LoginSession.objects.filter(ended_at=None).count() == 2


def test_refused_session_leaves_no_tokens(user: Any, settings: Any, monkeypatch: Any) -> None:
    """Another login has taken the last place between the two."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    note = session_limits.note_token_login

    def note_late(*args: Any) -> None:
        note(*args)
        monkeypatch.setattr(session_limits, "note_token_login", note)
        settings.LOGOUT = {}
        Client().force_login(user)
        settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}

    monkeypatch.setattr(session_limits, "note_token_login", note_late)
    client = Client()
    assert client.post("/auth/login/", {"username": "ann", "password": "pw"}).status_code != 200
    assert LoginSession.objects.get().kind == "session"


def cookies_only(settings: Any) -> Client:
    """Return a browser that has logged in for cookies, without a session."""
    settings.REST_AUTH = {**settings.REST_AUTH, "SESSION_LOGIN": False}
    client = Client()
    assert client.post("/auth/login/", {"username": "ann", "password": "pw"}).status_code == 200
    return client


def test_our_page_ends_the_login_of_the_cookies(user: Any, settings: Any) -> None:
    """It deletes them, and a copy is refused. Another login stays."""
    client = cookies_only(settings)
    copied, another = tokens(client), cookies_only(settings)
    said = client.post(LOGOUT, headers={"Accept": "application/json"}).json()
    assert (said["logged_out"], said["complete"]) == (True, True)
    assert said["ended"]["simplejwt"] == 1
    assert (works(copied), works(another)) == ((False, False), (True, True))


def test_our_page_says_that_a_token_without_a_login_stays(user: Any, settings: Any) -> None:
    """Issued by code that does not know this package."""
    client = Client()
    client.cookies["access"] = str(AccessToken.for_user(user))
    client.cookies["refresh"] = "broken"
    said = client.post(LOGOUT, headers={"Accept": "application/json"}).json()
    assert (said["logged_out"], said["failed"]) == (False, ["credential"])
    assert client.post(LOGOUT, headers={"Accept": "application/json"}).json()["logged_out"] is True


def test_other_cookies_of_the_project(user: Any, settings: Any) -> None:
    """Those that ``DELETE_COOKIES`` names may hold tokens, too."""
    settings.LOGOUT = {"DELETE_COOKIES": ["jwt"]}
    client, copied = Client(), Client()
    client.cookies["jwt"] = copied.cookies["jwt"] = Program.log_in().access
    assert client.post(LOGOUT, headers={"Accept": "application/json"}).json()["logged_out"] is True
    assert copied.get("/own/who/").status_code == 401
