"""allauth's API for apps: the session key in a header is that session, and ends with it."""

from importlib import import_module
from typing import Any

import pytest
from allauth.headless import app_settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from django_logout import Reason, Target, end_sessions
from django_logout.contrib.drf.headless import JWTTokenAuthentication
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations.checks.allauth import check_headless
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.projects.headless.urls import KEYS
from tests.projects.headless_client import SESSION, App
from tests.projects.system_checks import messages
from tests.properties.requests import Doorstep, Visit
from tests.races import stop_points
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"
W073 = "django_logout.W073"
#: allauth asks the engine whether a key exists, and signed cookies never say yes.
keyed = pytest.mark.engines("db", "cached_db", "cache", "file-unshared")


@pytest.fixture(autouse=True)
def doorstep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests be stopped in the middle."""
    monkeypatch.setattr(stop_points, "pipe", Doorstep())
    KEYS.clear()


def test_app_login_is_registered(user: Any) -> None:
    """With its device, on the user's page of sessions."""
    App.log_in(agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1")
    row = LoginSession.objects.get()
    assert (row.user, row.kind, row.ended_at) == (user, "session", None)
    browser = Client()
    browser.force_login(user)
    listed = browser.get("/accounts/sessions/", headers={"Accept": "application/json"}).json()
    assert [(s["current"], "iPhone" in s["device"]) for s in listed["sessions"]] == [
        (True, False),
        (False, True),
    ]


@keyed
def test_logout_ends_app_session(engine: str, user: Any) -> None:
    """By allauth's API, with one event; a copy of the token is refused."""
    app, other = App.log_in(), App.log_in()
    copy = App(app.token)
    assert app.delete(SESSION).status_code == 401  # allauth answers a logout so.
    assert (app.works, copy.works, other.works) == (False, False, True)
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions, event.actor) == ("user", "current", 1, user)


@keyed
@pytest.mark.parametrize("what", ["user", "session", "everyone", "others", "disabled", "password"])
def test_every_ending_reaches_app(engine: str, user: Any, what: str) -> None:
    """The next request is refused, and a request in flight does not bring the session back."""
    app, browser = App.log_in(), Client()
    browser.force_login(user)
    late = Visit(lambda: app.post("/app/write/"), "view")
    assert late.stopped
    first = LoginSession.objects.earliest("created_at").pk
    deeds = {
        "user": lambda: end_sessions(Target.user(user), reason=Reason.ADMIN),
        "session": lambda: end_sessions(Target.session(first)),
        "everyone": lambda: end_sessions(Target.everyone()),
        "others": lambda: browser.post("/accounts/sessions/end-others/"),
        "disabled": lambda: disable(user),
        "password": lambda: change_password(user),
    }
    deeds[what]()
    answer = late.finish()
    # Neither "everyone" nor a password changed without a request deletes the stored session, so a
    # request in flight can finish, with "everyone" on every engine. The next one is refused.
    if what != "everyone" and (engine, what) != ("db", "password"):
        assert (answer.status_code, "reason" in answer.json()) == (401, True)
    assert not app.works
    assert logged_in_as(browser) == ("ann" if what in {"others", "session"} else "")


def disable(user: Any) -> None:
    """Disable the user as the admin's form does it."""
    user.is_active = False
    user.save()


def change_password(user: Any) -> None:
    """Change the password as a reset does it."""
    user.set_password("new")
    user.save()


@keyed
@pytest.mark.parametrize("point", ["view", "rotated"])
def test_rotated_key_ends_with_its_session(
    engine: str, user: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The key rotates before the ending, or during it: before the new one is saved, or after."""
    stop_points.install(plain=False, patch=monkeypatch.setattr)
    app = App.log_in()
    fresh = App(app.post("/app/rotate/").json()["key"])
    assert (app.works, fresh.works) == (False, True)
    late = Visit(lambda: fresh.post("/app/rotate/"), point)
    assert late.stopped
    end_sessions(Target.user(user))
    assert late.finish().status_code == 401
    assert len(set(KEYS)) == len(KEYS) == 2
    assert not any(App(key).works for key in (app.token, *KEYS))


def test_password_change_in_app_spares_app(user: Any) -> None:
    """Through allauth's API; the user's other apps are logged out, with a reason."""
    app, other = App.log_in(), App.log_in()
    changed = app.post(
        "/_allauth/app/v1/account/password/change",
        {"current_password": "pw", "new_password": "qz7-kk3-mm9"},
    )
    assert changed.status_code == 200
    app.token = changed.json()["meta"].get("session_token", app.token)
    assert (app.works, other.works) == (True, False)
    assert LogoutEvent.objects.get().reason == "password_changed"
    end_sessions(Target.user(user))
    assert not app.works


def test_idle_timeout(user: Any, settings: Any, clock: Any) -> None:
    """Each request with the token is activity; the expiry is recorded."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    app = App.log_in()
    for _ in range(3):
        clock.shift(500)
        assert app.works
    clock.shift(601)
    assert not app.works
    assert LogoutEvent.objects.get().reason == "idle"


def test_max_sessions(user: Any, settings: Any) -> None:
    """The oldest session ends. Where the login is refused instead, no token and no session
    remain."""
    settings.LOGOUT = {"MAX_SESSIONS": 1}
    first, second = App.log_in(), App.log_in()
    assert (first.works, second.works) == (False, True)
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    answer = App().post("/_allauth/app/v1/auth/login", {"username": "ann", "password": "pw"})
    assert (answer.status_code, "session_token" in answer.content.decode()) == (401, False)
    assert LoginSession.objects.filter(ended_at=None).count() == 1


@keyed
def test_password_change_in_a_view_of_the_project_spares_app(engine: str, user: Any) -> None:
    """The app that changes the password stays; all others end."""
    app, other, browser = App.log_in(), App.log_in(), Client()
    browser.force_login(user)
    assert app.post("/api/password/").status_code == 200
    assert (app.works, other.works, logged_in_as(browser)) == (True, False, "")


def test_password_change_without_signal_ends_session(user: Any) -> None:
    """allauth drops the session, so we record it as ended."""
    app = App.log_in()
    user.set_password("new")
    get_user_model().objects.update(password=user.password)
    assert not app.works
    assert LogoutEvent.objects.get().reason == "password_changed"


def test_api_view_accepts_session_token(user: Any) -> None:
    """By allauth's class for REST framework; a logout there ends the session."""
    app = App.log_in()
    assert app.get("/api/by-session/").json() == {"user": "ann"}
    assert app.post("/api/by-session/").status_code == 200
    assert (app.works, app.get("/api/by-session/").status_code) == (False, 403)


def test_token_and_cookie_of_different_users(user: Any, other: Any) -> None:
    """Each endpoint ends the session that it is about, and leaves the other one alone."""
    app, browser = App.log_in(), Client()
    browser.force_login(other)
    answer = browser.delete(SESSION, headers={"X-Session-Token": app.token})
    assert "sessionid" not in answer.cookies
    assert (app.works, logged_in_as(browser)) == (False, "bob")
    app = App.log_in()
    browser.post(LOGOUT, headers={"X-Session-Token": app.token})
    assert (app.works, logged_in_as(browser)) == (True, "")


@pytest.mark.engines("signed_cookies")
def test_signed_cookies_are_refused(engine: str, user: Any) -> None:
    """allauth finds no session by key on that engine, so no app is logged in."""
    assert not App.log_in().works


@pytest.mark.engines("cache", "file")
def test_stock_strategy_resurrects_no_session(engine: str, user: Any, settings: Any) -> None:
    """A request in flight would write the data back, and allauth does not check them."""
    settings.HEADLESS_TOKEN_STRATEGY = STOCK
    app = App.log_in()
    late = Visit(lambda: app.post("/app/write/"), "view")
    end_sessions(Target.user(user))
    late.finish()
    assert not app.works


def test_outage_gets_503(user: Any, settings: Any, monkeypatch: Any) -> None:
    """The app keeps its token."""
    app = App.log_in()

    def fail(self: Any) -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(import_module(settings.SESSION_ENGINE).SessionStore, "load", fail)
        assert app.get(SESSION).status_code == 503
    assert app.works


def test_query_count(user: Any, settings: Any) -> None:
    """On db one query fewer than allauth alone, which first asks whether the key exists."""
    settings.SESSION_ENGINE = ENGINES["db"]
    app = App.log_in()
    assert app.works
    with CaptureQueriesContext(connection) as ours:
        app.get(SESSION)
    settings.HEADLESS_TOKEN_STRATEGY = STOCK
    with CaptureQueriesContext(connection) as theirs:
        app.get(SESSION)
    assert len(ours) == len(theirs) - 1


def test_check_names_strategy(settings: Any) -> None:
    """It names ours for either strategy, and is silent where only browsers use the API."""
    settings.SESSION_ENGINE = ENGINES["db"]
    assert messages() == []
    settings.HEADLESS_TOKEN_STRATEGY = STOCK
    (message,) = check_headless()
    assert (message.id, "headless.SessionTokenStrategy" in message.hint) == (W073, True)
    settings.HEADLESS_TOKEN_STRATEGY = "allauth.headless.tokens.strategies.jwt.JWTTokenStrategy"
    (message,) = check_headless()
    assert (message.id, "headless.JWTTokenStrategy" in message.hint) == (W073, True)
    settings.HEADLESS_CLIENTS = ["browser"]
    assert list(check_headless()) == []


def test_check_names_unchecked_authentication(settings: Any) -> None:
    """allauth's own class and its subclasses; not the class for session keys."""
    theirs = "allauth.headless.contrib.rest_framework.authentication"
    silent = [f"{theirs}.XSessionTokenAuthentication", JWTTokenAuthentication]
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": silent}
    assert list(check_headless()) == []
    loud = f"{theirs}.JWTTokenAuthentication"
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [*silent, loud]}
    (message,) = check_headless()
    assert (message.id, loud in message.msg) == ("django_logout.W074", True)
    own = type("Own", (import_string(loud),), {})
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [own]}
    assert [message.id for message in check_headless()] == ["django_logout.W074"]


@pytest.mark.parametrize("ending", ["post", "get"])
def test_allauth_logout_page(user: Any, settings: Any, ending: str) -> None:
    """By GET too, where the project allows that; with one event, and a copied cookie is refused."""
    settings.ACCOUNT_LOGOUT_ON_GET = ending == "get"
    browser = Client()
    browser.post("/allauth/login/", {"login": "ann", "password": "pw"})
    copy = copy_of(browser)
    assert getattr(browser, ending)("/allauth/logout/").status_code == 302
    assert (logged_in_as(browser), logged_in_as(copy)) == ("", "")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions, event.actor) == ("user", "current", 1, user)


def test_lookup_outside_request(user: Any) -> None:
    """A script that looks a session up does not get an ended one."""
    app = App.log_in()
    found = app_settings.TOKEN_STRATEGY.lookup_session(app.token)
    assert found["_auth_user_id"] == str(user.pk)
    end_sessions(Target.user(user))
    assert app_settings.TOKEN_STRATEGY.lookup_session(app.token) is None


def test_browser_client_gets_allauths_own_body(user: Any) -> None:
    """A single-page application reads which ways to log in there are; the reason is added."""
    browser, url = Client(), "/_allauth/browser/v1/auth"
    form = {"username": "ann", "password": "pw"}
    assert browser.post(f"{url}/login", form, content_type="application/json").status_code == 200
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    told = browser.get(f"{url}/session", headers={"Accept": "application/json"})
    body = told.json()
    assert (told.status_code, body["status"], body["reason"]) == (401, 401, "admin")
    assert body["meta"]["is_authenticated"] is False
    assert {flow["id"] for flow in body["data"]["flows"]} >= {"login"}
