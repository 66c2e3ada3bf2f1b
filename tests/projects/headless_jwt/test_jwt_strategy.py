"""allauth's API for apps, with JSON web tokens: they end with the session that they are of."""

from importlib import import_module
from typing import Any

import pytest
from allauth.headless import app_settings
from asgiref.sync import sync_to_async
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
KEYED = ["db", "cached_db", "cache", "file-unshared"]
keyed = pytest.mark.engines(*KEYED)


def by_access(app: App) -> App:
    """The same app, which shows its access token only."""
    return App(access=app.access, refresh=app.refresh)


def refreshed(app: App) -> Any:
    """What it is answered when it asks for new tokens."""
    return App().post(REFRESH, {"refresh_token": app.refresh})


def ways(app: App) -> list[bool]:
    """By its session's key; by its access token, here and in an API; by its refresh token."""
    api = by_access(app).get("/api/by-jwt/").status_code
    new = refreshed(app)
    assert ({api} <= {200, 401}, {new.status_code} <= {200, 400}) == (True, True)
    if new.status_code == 200:
        app.access, app.refresh = (
            new.json()["data"][name] for name in ("access_token", "refresh_token")
        )
    return [app.works, by_access(app).works, api == 200, new.status_code == 200]


@keyed
def test_each_way_in_is_closed(engine: str, user: Any) -> None:
    """At once, and for good: what was exchanged before, too."""
    app = App.log_in()
    before = by_access(app)
    assert ways(app) == [True] * 4
    end_sessions(Target.user(user))
    assert ways(app) == [False] * 4
    assert (before.works, before.get("/api/by-jwt/").status_code) == (False, 401)


@keyed
def test_logging_out_by_an_access_token(engine: str, user: Any) -> None:
    """By allauth's API; and in an API view by Django's own function."""
    for method, url in (("DELETE", SESSION), ("POST", "/api/by-jwt/")):
        app, other = App.log_in(), App.log_in()
        by_access(app).send(method, url)
        assert (ways(app), ways(other)) == ([False] * 4, [True] * 4)
        event = LogoutEvent.objects.latest("created_at")
        assert (event.reason, event.scope, event.sessions) == ("user", "current", 1)


@keyed
def test_written_back_it_is_refused(engine: str, user: Any, monkeypatch: Any) -> None:
    """The exchange is under way while the session ends: nothing that comes of it is served."""
    app = App.log_in()
    end_meanwhile(monkeypatch, user)
    answer = refreshed(app)
    assert answer.status_code == 400
    assert ways(app) == [False] * 4


def end_meanwhile(monkeypatch: Any, user: Any) -> None:
    """Right before the session is saved with its new refresh token."""
    strategy = type(app_settings.TOKEN_STRATEGY)

    def get_claims(self: Any, who: Any) -> dict[str, Any]:
        end_sessions(Target.user(user))
        return {}

    monkeypatch.setattr(strategy, "get_claims", get_claims)


@pytest.mark.engines("db", "cache")
def test_django_ninja_asks_too(engine: str, user: Any) -> None:
    """With our class, in the place of allauth's."""
    app, forged = by_access(App.log_in()), App(access="forged")
    assert app.get("/api/ninja/who/").json() == {"user": "ann"}
    end_sessions(Target.user(user))
    assert [each.get("/api/ninja/who/").status_code for each in (app, forged)] == [401, 401]


async def test_under_asgi(user: Any, settings: Any, clock: Any) -> None:
    """A request by a token is activity there as well; and what has ended is refused."""
    app = await sync_to_async(App.log_in)()
    headers = {"Authorization": f"Bearer {app.access}"}
    clock.shift(120)
    assert (await AsyncClient().get(SESSION, headers=headers)).status_code == 200
    row = await LoginSession.objects.aget()
    assert row.last_seen_at == timezone.now()
    await aend_sessions(Target.user(user))
    assert (await AsyncClient().get(SESSION, headers=headers)).status_code == 410


def test_the_api_says_why(user: Any) -> None:
    """Instead of "invalid token", as everywhere else."""
    app = by_access(App.log_in())
    end_sessions(Target.user(user), reason="admin")
    answer = app.get("/api/by-jwt/")
    assert (answer.status_code, answer.json()["reason"]) == (401, "admin")


@pytest.mark.engines("db", "cache")
def test_whoever_comes_back_with_it_gives_the_alarm(engine: str, user: Any) -> None:
    """As with a cookie: from another device, at once."""
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


def test_idle_tokens_end(user: Any, settings: Any, clock: Any) -> None:
    """A request in an API is activity; so is an exchange."""
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


def test_what_is_no_token_is_refused(user: Any) -> None:
    """Forged, or of a session that is gone, or shown beside the key of another session."""
    app, other = App.log_in(), App.log_in()
    assert App(access="forged").get("/api/by-jwt/").status_code == 401
    assert refreshed(App(refresh="forged")).status_code == 400
    end_sessions(Target.session(LoginSession.objects.earliest("created_at").pk))
    headers = {"Authorization": f"Bearer {app.access}", "X-Session-Token": other.token}
    assert Client().get("/api/by-jwt/", headers=headers).status_code == 401
    assert other.works


def test_a_password_that_changes_unheard_ends_them(user: Any) -> None:
    """In a way that sends no signals."""
    app = by_access(App.log_in())
    user.set_password("new")
    type(user).objects.update(password=user.password)
    assert app.get("/api/by-jwt/").status_code == 401
    assert LogoutEvent.objects.get().reason == "password_changed"


@pytest.mark.engines("signed_cookies")
def test_signed_cookies_hold_no_login_of_an_app(engine: str, user: Any) -> None:
    """allauth makes the tokens before the login is in the cookie: they are of nobody's session,
    and nobody is let in, but by allauth's own class, which believes the token."""
    app = App.log_in()
    assert ways(app) == [False] * 4
    assert by_access(app).get("/api/unchecked/").status_code == 200


def test_allauths_own_class_lets_in_until_the_token_expires(user: Any, settings: Any) -> None:
    """What is at stake; on db its stateful validation would see it."""
    settings.SESSION_ENGINE = ENGINES["db"]
    app = by_access(App.log_in())
    end_sessions(Target.user(user))
    assert app.get("/api/unchecked/").status_code == 200
    settings.HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
    assert app.get("/api/unchecked/").status_code == 401


def test_with_stateful_validation_too(user: Any, settings: Any) -> None:
    """Ours asks once more."""
    settings.HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
    app = App.log_in()
    assert ways(app) == [True] * 4
    end_sessions(Target.user(user))
    assert ways(app) == [False] * 4


def test_where_nobody_can_tell_nobody_is_served(user: Any, settings: Any, monkeypatch: Any) -> None:
    """503, and the app keeps its tokens."""
    app = by_access(App.log_in())

    def fail(self: Any) -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(import_module(settings.SESSION_ENGINE).SessionStore, "load", fail)
        assert [app.get(url).status_code for url in ("/api/by-jwt/", SESSION)] == [503, 503]
    assert app.works


def test_what_it_costs(user: Any) -> None:
    """The session; and the user, whom allauth alone loads as well."""
    app = by_access(App.log_in())
    app.get("/api/by-jwt/")
    with CaptureQueriesContext(connection) as asked:
        app.get("/api/by-jwt/")
    assert len(asked) == 2
