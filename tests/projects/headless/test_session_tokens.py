"""allauth's API for apps: the key of a session in a header is that session, and ends like it."""

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
from tests.faults import points
from tests.pages import LOGOUT, copy_of, signed_in
from tests.projects.headless.urls import KEYS
from tests.projects.headless_client import SESSION, App
from tests.projects.system_checks import messages
from tests.properties.site import Doorstep, Visit
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

STOCK = "allauth.headless.tokens.strategies.sessions.SessionTokenStrategy"
W073 = "django_logout.W073"
KEYED = ["db", "cached_db", "cache", "file-unshared"]
#: allauth asks the engine whether a key exists, which signed cookies never say.
keyed = pytest.mark.engines(*KEYED)


@pytest.fixture(autouse=True)
def doorstep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where requests can be stopped."""
    monkeypatch.setattr(points, "pipe", Doorstep())
    KEYS.clear()


def test_a_login_is_a_session_like_others(user: Any) -> None:
    """In the registry, and on the page of her sessions, with its device."""
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
def test_logging_out_ends_it(engine: str, user: Any) -> None:
    """By its own API: one event, and copies of the token are worth nothing."""
    app, other = App.log_in(), App.log_in()
    copy = App(app.token)
    assert app.delete(SESSION).status_code == 401  # so allauth says that nobody is logged in now
    assert (app.works, copy.works, other.works) == (False, False, True)
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions, event.actor) == ("user", "current", 1, user)


@keyed
@pytest.mark.parametrize("what", ["user", "session", "everyone", "others", "disabled", "password"])
def test_whatever_ends_a_session_ends_it(engine: str, user: Any, what: str) -> None:
    """With the next request; what a request in flight writes brings nothing back."""
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
    if what != "everyone":  # which does not look at each, and lets requests in flight run out
        assert (answer.status_code, "reason" in answer.json()) == (401, True)
    assert not app.works
    assert signed_in(browser) == ("ann" if what in {"others", "session"} else "")


def disable(user: Any) -> None:
    """As a form of the admin's does it."""
    user.is_active = False
    user.save()


def change_password(user: Any) -> None:
    """As a reset does it."""
    user.set_password("new")
    user.save()


@keyed
@pytest.mark.parametrize("point", ["view", "rotated"])
def test_under_a_new_key_it_ends_too(
    engine: str, user: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The key is rotated before; and while it ends, before the new one is saved and after."""
    points.install(plain=False, patch=monkeypatch.setattr)
    app = App.log_in()
    fresh = App(app.post("/app/rotate/").json()["key"])
    assert (app.works, fresh.works) == (False, True)
    late = Visit(lambda: fresh.post("/app/rotate/"), point)
    assert late.stopped
    end_sessions(Target.user(user))
    assert late.finish().status_code == 401
    assert len(set(KEYS)) == len(KEYS) == 2
    assert not any(App(key).works for key in (app.token, *KEYS))


def test_who_changes_the_password_in_an_app_stays(user: Any) -> None:
    """By allauth's API; the others go, with a reason."""
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


def test_idle_apps_end(user: Any, settings: Any, clock: Any) -> None:
    """Each request is activity, by its token; then it is over, and on record."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    app = App.log_in()
    for _ in range(3):
        clock.shift(500)
        assert app.works
    clock.shift(601)
    assert not app.works
    assert LogoutEvent.objects.get().reason == "idle"


def test_a_limit_counts_them(user: Any, settings: Any) -> None:
    """The oldest ends; where logins are refused, no token is given, and no session is left."""
    settings.LOGOUT = {"MAX_SESSIONS": 1}
    first, second = App.log_in(), App.log_in()
    assert (first.works, second.works) == (False, True)
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    answer = App().post("/_allauth/app/v1/auth/login", {"username": "ann", "password": "pw"})
    assert (answer.status_code, "session_token" in answer.content.decode()) == (401, False)
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_a_password_that_changes_unheard_ends_it(user: Any) -> None:
    """In a way that sends no signals: allauth lets the session go, and so it has ended."""
    app = App.log_in()
    user.set_password("new")
    get_user_model().objects.update(password=user.password)
    assert not app.works
    assert LogoutEvent.objects.get().reason == "password_changed"


def test_an_api_takes_the_same_key(user: Any) -> None:
    """REST framework, by allauth's own class; a logout there ends it."""
    app = App.log_in()
    assert app.get("/api/by-session/").json() == {"user": "ann"}
    assert app.post("/api/by-session/").status_code == 200
    assert (app.works, app.get("/api/by-session/").status_code) == (False, 403)


def test_the_browser_beside_it_is_left_alone(user: Any, other: Any) -> None:
    """A request with both, a cookie of one user and a token of another, ends what it says."""
    app, browser = App.log_in(), Client()
    browser.force_login(other)
    answer = browser.delete(SESSION, headers={"X-Session-Token": app.token})
    assert "sessionid" not in answer.cookies
    assert (app.works, signed_in(browser)) == (False, "bob")
    app = App.log_in()
    browser.post(LOGOUT, headers={"X-Session-Token": app.token})
    assert (app.works, signed_in(browser)) == (True, "")


@pytest.mark.engines("signed_cookies")
def test_signed_cookies_have_no_keys(engine: str, user: Any) -> None:
    """So allauth finds no session by one: nobody is let in at all."""
    assert not App.log_in().works


@pytest.mark.engines("cache", "file")
def test_allauth_alone_brings_it_back(engine: str, user: Any, settings: Any) -> None:
    """What is at stake: the request in flight writes the data back, and nobody asks."""
    settings.HEADLESS_TOKEN_STRATEGY = STOCK
    app = App.log_in()
    late = Visit(lambda: app.post("/app/write/"), "view")
    end_sessions(Target.user(user))
    late.finish()
    assert app.works


def test_where_nobody_can_tell_nobody_is_served(user: Any, settings: Any, monkeypatch: Any) -> None:
    """503, and the app keeps its token."""
    app = App.log_in()

    def fail(self: Any) -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(import_module(settings.SESSION_ENGINE).SessionStore, "load", fail)
        assert app.get(SESSION).status_code == 503
    assert app.works


def test_what_it_costs(user: Any, settings: Any) -> None:
    """On db less than with allauth alone, which asks first whether there is such a key."""
    settings.SESSION_ENGINE = ENGINES["db"]
    app = App.log_in()
    assert app.works
    with CaptureQueriesContext(connection) as ours:
        app.get(SESSION)
    settings.HEADLESS_TOKEN_STRATEGY = STOCK
    with CaptureQueriesContext(connection) as theirs:
        app.get(SESSION)
    assert len(ours) == len(theirs) - 1


def test_a_correct_project_hears_nothing_and_another_what_to_type(settings: Any) -> None:
    """Of the strategy, and of what the API lets in."""
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


def test_what_believes_access_tokens_is_named(settings: Any) -> None:
    """allauth's own class, and what is made of it; not that for keys of sessions."""
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
def test_allauths_own_logout_of_browsers(user: Any, settings: Any, ending: str) -> None:
    """Its page, by GET too where the project allows that; one event, and a copy is worth nothing."""
    settings.ACCOUNT_LOGOUT_ON_GET = ending == "get"
    browser = Client()
    browser.post("/allauth/login/", {"login": "ann", "password": "pw"})
    copy = copy_of(browser)
    assert getattr(browser, ending)("/allauth/logout/").status_code == 302
    assert (signed_in(browser), signed_in(copy)) == ("", "")
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions, event.actor) == ("user", "current", 1, user)


def test_outside_of_any_request(user: Any) -> None:
    """A script that looks a session up is told the truth as well."""
    app = App.log_in()
    found = app_settings.TOKEN_STRATEGY.lookup_session(app.token)
    assert found["_auth_user_id"] == str(user.pk)
    end_sessions(Target.user(user))
    assert app_settings.TOKEN_STRATEGY.lookup_session(app.token) is None
