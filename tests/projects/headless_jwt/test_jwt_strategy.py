"""allauth's API for apps with JSON web tokens: the tokens end with their session."""

from importlib import import_module
from typing import Any

import pytest
from allauth.headless import app_settings
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_logout import Target, aend_sessions, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_replayed
from tests.projects.headless_client import API, SESSION, App
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

REFRESH = f"{API}/tokens/refresh"
keyed = pytest.mark.engines("db", "cached_db", "cache", "file-unshared")


def by_access(app: App) -> App:
    """Return the same client with its access token only."""
    return App(access=app.access, refresh=app.refresh)


def refreshed(app: App) -> Any:
    """Return the response to a refresh."""
    return App().post(REFRESH, {"refresh_token": app.refresh})


def ways(app: App) -> list[bool]:
    """Return whether each token works: the session key, the access token in allauth's API and in an
    API view, the refresh token."""
    api = by_access(app).get("/api/by-jwt/").status_code
    new = refreshed(app)
    assert ({api} <= {200, 401}, {new.status_code} <= {200, 400}) == (True, True)
    if new.status_code == 200:
        app.access, app.refresh = (
            new.json()["data"][name] for name in ("access_token", "refresh_token")
        )
    return [app.works, by_access(app).works, api == 200, new.status_code == 200]


@keyed
def test_every_token_is_refused_after_ending(engine: str, user: Any) -> None:
    """Tokens that were refreshed before the ending are refused too."""
    app = App.log_in()
    before = by_access(app)
    assert ways(app) == [True] * 4
    end_sessions(Target.user(user))
    assert ways(app) == [False] * 4
    assert (before.works, before.get("/api/by-jwt/").status_code) == (False, 401)


@keyed
def test_logout_by_access_token(engine: str, user: Any) -> None:
    """By allauth's API, and by Django's ``logout()`` in an API view."""
    for method, url in (("DELETE", SESSION), ("POST", "/api/by-jwt/")):
        app, other = App.log_in(), App.log_in()
        by_access(app).send(method, url)
        assert (ways(app), ways(other)) == ([False] * 4, [True] * 4)
        event = LogoutEvent.objects.latest("created_at")
        assert (event.reason, event.scope, event.sessions) == ("user", "current", 1)


@keyed
def test_refresh_during_ending_is_refused(engine: str, user: Any, monkeypatch: Any) -> None:
    """The session ends while its refresh is saved, and no token of it works."""
    app = App.log_in()
    end_meanwhile(monkeypatch, user)
    answer = refreshed(app)
    assert answer.status_code == 400
    assert ways(app) == [False] * 4


def end_meanwhile(monkeypatch: Any, user: Any) -> None:
    """End the user's sessions right before the session is saved with its new refresh token."""
    strategy = type(app_settings.TOKEN_STRATEGY)

    def get_claims(self: Any, who: Any) -> dict[str, Any]:
        end_sessions(Target.user(user))
        return {}

    monkeypatch.setattr(strategy, "get_claims", get_claims)


@pytest.mark.engines("db", "cache")
def test_ninja_checks_session(engine: str, user: Any) -> None:
    """With our class in place of allauth's."""
    app, forged = by_access(App.log_in()), App(access="forged")
    assert app.get("/api/ninja/who/").json() == {"user": "ann"}
    end_sessions(Target.user(user))
    assert [each.get("/api/ninja/who/").status_code for each in (app, forged)] == [401, 401]


async def test_asgi(user: Any, settings: Any, clock: Any) -> None:
    """A request with an access token is activity there as well, and an ended session is refused."""
    app = await sync_to_async(App.log_in)()
    headers = {"Authorization": f"Bearer {app.access}"}
    clock.shift(120)
    assert (await AsyncClient().get(SESSION, headers=headers)).status_code == 200
    row = await LoginSession.objects.aget()
    assert row.last_seen_at == timezone.now()
    await aend_sessions(Target.user(user))
    assert (await AsyncClient().get(SESSION, headers=headers)).status_code == 410


def test_refusal_has_reason(user: Any) -> None:
    """Instead of "invalid token"."""
    app = by_access(App.log_in())
    end_sessions(Target.user(user), reason="admin")
    answer = app.get("/api/by-jwt/")
    assert (answer.status_code, answer.json()["reason"]) == (401, "admin")


@pytest.mark.engines("db", "cache")
def test_replay_from_other_device_is_detected(engine: str, user: Any) -> None:
    """As with a replayed cookie, and only once."""
    heard: list[Any] = []

    def receive(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    app = App.log_in(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
    end_sessions(Target.user(user))
    session_replayed.connect(receive)
    try:
        assert not by_access(app).works
        assert by_access(app).get("/api/by-jwt/").status_code == 401
    finally:
        session_replayed.disconnect(receive)
    assert heard == [LoginSession.objects.get().pk]


def test_idle_timeout(user: Any, settings: Any, clock: Any) -> None:
    """A request to an API is activity, and so is a refresh."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    settings.HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 7200
    app = by_access(App.log_in())
    clock.shift(500)
    assert app.get("/api/by-jwt/").status_code == 200
    clock.shift(500)
    assert refreshed(app).status_code == 200
    clock.shift(500)
    assert app.works
    clock.shift(601)
    answer = app.get("/api/by-jwt/")
    assert (answer.status_code, answer.json()["reason"]) == (401, "idle")
    assert LogoutEvent.objects.get().reason == "idle"


def test_invalid_tokens_are_refused(user: Any) -> None:
    """Forged ones, those of an ended session, and those beside the key of another session."""
    app, other = App.log_in(), App.log_in()
    assert App(access="forged").get("/api/by-jwt/").status_code == 401
    assert refreshed(App(refresh="forged")).status_code == 400
    end_sessions(Target.session(LoginSession.objects.earliest("created_at").pk))
    headers = {"Authorization": f"Bearer {app.access}", "X-Session-Token": other.token}
    assert Client().get("/api/by-jwt/", headers=headers).status_code == 401
    assert other.works


def test_password_change_without_signal_ends_session(user: Any) -> None:
    """The session hash no longer matches."""
    app = by_access(App.log_in())
    user.set_password("new")
    type(user).objects.update(password=user.password)
    assert app.get("/api/by-jwt/").status_code == 401
    assert LogoutEvent.objects.get().reason == "password_changed"


@pytest.mark.engines("signed_cookies")
def test_signed_cookies_are_refused(engine: str, user: Any) -> None:
    """allauth makes the tokens before the login is in the cookie, so they name no session. Only
    allauth's own class, which trusts the token, accepts them."""
    app = App.log_in()
    assert ways(app) == [False] * 4
    assert by_access(app).get("/api/unchecked/").status_code == 200


def test_stock_authentication_accepts_ended_session(user: Any, settings: Any) -> None:
    """What is at stake; on db, allauth's stateful validation would refuse it."""
    settings.SESSION_ENGINE = ENGINES["db"]
    app = by_access(App.log_in())
    end_sessions(Target.user(user))
    assert app.get("/api/unchecked/").status_code == 200
    settings.HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
    assert app.get("/api/unchecked/").status_code == 401


def test_stateful_validation(user: Any, settings: Any) -> None:
    """Our strategy checks the session as well."""
    settings.HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
    app = App.log_in()
    assert ways(app) == [True] * 4
    end_sessions(Target.user(user))
    assert ways(app) == [False] * 4


def test_outage_gets_503(user: Any, settings: Any, monkeypatch: Any) -> None:
    """The app keeps its tokens."""
    app = by_access(App.log_in())

    def fail(self: Any) -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(import_module(settings.SESSION_ENGINE).SessionStore, "load", fail)
        assert [app.get(url).status_code for url in ("/api/by-jwt/", SESSION)] == [503, 503]
    assert app.works


def test_query_count(user: Any) -> None:
    """The session and the user; allauth alone loads the user as well."""
    app = by_access(App.log_in())
    app.get("/api/by-jwt/")
    with CaptureQueriesContext(connection) as asked:
        app.get("/api/by-jwt/")
    assert len(asked) == 2


#: Our endpoints, by the framework and by what an app presents there.
ENDPOINTS = ["drf-session", "drf-jwt", "ninja-session", "ninja-jwt"]


@pytest.fixture(params=ENDPOINTS)
def send(request: pytest.FixtureRequest) -> Any:
    """Return a function that sends a request of an app to one of the endpoints."""
    base = request.param

    def call(app: App, method: str, url: str, **headers: str) -> Any:
        client = by_access(app) if base.endswith("jwt") else App(app.token)
        return client.send(method, f"/{base}/{url}", **headers)

    return call


def test_app_is_listed_and_logs_itself_out(user: Any, send: Any) -> None:
    """With all of its tokens; another app stays logged in."""
    app, other = App.log_in(), App.log_in()
    listed = send(app, "GET", "sessions/").json()["sessions"]
    assert [session["current"] for session in listed] == [True, False]
    said = send(app, "POST", "logout/").json()
    assert (said["logged_out"], said["ended"]) == (True, {"session": 1})
    assert ways(app) == [False] * 4
    assert other.works


def test_app_ends_itself_by_its_id(user: Any, send: Any) -> None:
    """That is logging out."""
    app = App.log_in()
    (row,) = send(app, "GET", "sessions/").json()["sessions"]
    assert send(app, "POST", f"sessions/{row['id']}/end/").json()["logged_out"] is True
    assert not app.works


def test_app_ends_the_others(user: Any, send: Any) -> None:
    """It stays logged in itself."""
    app, other = App.log_in(), App.log_in()
    assert send(app, "POST", "sessions/end-others/").json()["logged_out"] is False
    assert (app.works, other.works) == (True, False)


def test_app_ends_all(user: Any, send: Any) -> None:
    """It is logged out, too, and told so."""
    app, other = App.log_in(), App.log_in()
    assert send(app, "POST", "sessions/end-all/").json()["logged_out"] is True
    assert (app.works, other.works) == (False, False)


def test_session_of_another_user_beside_an_app_stays(user: Any, other: Any, send: Any) -> None:
    """A browser can hold both."""
    app, browser = App.log_in(), Client()
    browser.force_login(other)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"
    assert send(app, "POST", "logout/", cookie=cookie).json()["logged_out"] is True
    assert not app.works
    assert browser.get("/accounts/session/").json()["authenticated"] is True
