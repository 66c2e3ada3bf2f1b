"""Limits of token sessions: how many, how long, how idle; and logins that fail halfway."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError, connection
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import path
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt import authentication as library
from rest_framework_simplejwt import serializers as library_serializers
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from rest_framework_simplejwt.views import TokenBlacklistView

from django_logout import Target, end_sessions
from django_logout.contrib.drf.jwt import JWTAuthentication, SessionCheckMixin
from django_logout.contrib.drf.jwt_serializers import begin
from django_logout.contrib.drf.problems import Ended
from django_logout.models import CredentialBinding, LoginSession, LogoutEvent
from django_logout.operations.checks.jwt import check_tokens
from django_logout.sessions import activity, registry
from django_logout.signals import session_ended
from tests.clients import LOGOUT, logged_in_as
from tests.projects.jwt.urls import urlpatterns as ours
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = {"username": "ann", "password": "pw"}


@contextmanager
def before(model: Any, act: Callable[[], Any]) -> Iterator[None]:
    """Act once, right before a row of the model is written."""
    left = [act]

    def receive(**kwargs: Any) -> None:
        if left:
            left.pop()()

    pre_save.connect(receive, sender=model, weak=False)
    try:
        yield
    finally:
        pre_save.disconnect(receive, sender=model)


def test_max_sessions_counts_token_sessions(ann: Client, settings: Any, clock: Any) -> None:
    """The oldest session ends, whether a browser's or a program's."""
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    clock.shift(1)
    first = Program.log_in()
    clock.shift(1)
    second = Program.log_in()
    assert (logged_in_as(ann), first.works, second.works) == ("", True, True)
    Client().force_login(get_user_model().objects.get())
    assert (first.refused(), second.works) == ("limit", True)


def test_token_of_browser_shares_its_place(ann: Client, settings: Any) -> None:
    """It does not count against the limit by itself."""
    settings.LOGOUT = {"MAX_SESSIONS": 1}
    programs = [Program.log_in(client=ann) for _ in range(2)]
    assert all(program.works for program in programs)
    assert logged_in_as(ann) == "ann"


def test_max_sessions_refuses_token_login(ann: Client, settings: Any) -> None:
    """The response has a reason."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    answer = Client().post("/jwt/", LOGIN)
    assert (answer.status_code, answer.json()["reason"]) == (401, "login_refused")
    assert LoginSession.objects.count() == 1


def test_idle_timeout(user: Any, settings: Any, clock: Any) -> None:
    """Each request is activity; the expiry ends the session for good, with a reason."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    program = Program.log_in()
    for _ in range(3):
        clock.shift(500)
        assert program.works
    clock.shift(601)
    assert program.refused() == "idle"
    assert LogoutEvent.objects.get().reason == "idle"


def test_refresh_is_activity(user: Any, settings: Any, clock: Any) -> None:
    """A refresh after the timeout is refused."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    program = Program.log_in()
    for _ in range(3):
        clock.shift(500)
        program = program.exchange()
    clock.shift(700)
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "idle")


def test_refresh_does_not_extend_absolute_timeout(user: Any, settings: Any, clock: Any) -> None:
    """However new the tokens are."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": timedelta(hours=20)}
    program = Program.log_in()
    for _ in range(20):
        clock.shift(3500)
        program = program.exchange()
    clock.shift(2001)
    assert program.refused() == "absolute_timeout"


def test_absolute_timeout_by_user(user: Any, settings: Any, clock: Any) -> None:
    """The setting is a callable, which gets the session's user."""
    settings.LOGOUT = {
        "ABSOLUTE_TIMEOUT": lambda user, request: 60 if user.username == "ann" else None
    }
    program = Program.log_in()
    assert program.works
    clock.shift(61)
    assert program.refused() == "absolute_timeout"


def test_refresh_extends_expiry(user: Any, clock: Any) -> None:
    """The session expires with its newest token."""
    program, row = Program.log_in(), LoginSession.objects.get()
    clock.shift(3600)
    program.exchange()
    later = LoginSession.objects.get()
    assert (later.expires_at - row.expires_at).total_seconds() == pytest.approx(3600, abs=5)


def test_login_during_password_change_is_refused(user: Any) -> None:
    """The old password was already checked, and the change could not see the new session."""

    def change() -> None:
        changed = get_user_model().objects.get()
        changed.set_password("new")
        changed.save()

    with before(OutstandingToken, change):
        answer = Client().post("/jwt/", LOGIN)
    assert (answer.status_code, answer.json()["reason"]) == (401, "password_changed")
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("what", ["disabled", "deleted"])
def test_login_of_disabled_or_deleted_user_is_refused(user: Any, what: str) -> None:
    """The account changed after the token was made."""
    rows = get_user_model().objects.all()
    act = rows.delete if what == "deleted" else lambda: rows.update(is_active=False)
    token = RefreshToken.for_user(user)
    act()
    with pytest.raises(Ended) as caught:
        begin(user, token)
    assert caught.value.detail["reason"] == what
    assert not LoginSession.objects.exists()


def test_login_during_browser_logout_is_refused(ann: Client, user: Any) -> None:
    """It would belong to a session that has ended."""
    session = LoginSession.objects.get()

    def end() -> None:
        end_sessions(Target.session(session.pk))

    with before(LoginSession, end):
        answer = ann.post("/jwt/", LOGIN)
    assert answer.status_code == 401
    assert list(LoginSession.objects.all()) == [session]
    assert not CredentialBinding.objects.exists()


def test_adoption_during_browser_logout_is_refused(ann: Client) -> None:
    """The refresh token names no session, and was obtained in that browser."""
    issued = Program(**ann.post("/jwt/in-browser/").json())
    session = LoginSession.objects.get()
    with before(LoginSession, lambda: end_sessions(Target.session(session.pk))):
        answer = Client().post("/jwt/refresh/", {"refresh": issued.refresh})
    assert answer.status_code == 401


class Late:
    """Send reads of the library's list to a replica that lags behind."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model is OutstandingToken else None


def test_token_is_blacklisted_on_primary_database(ann: Client, settings: Any) -> None:
    """The browser logs out while the token is written, which a replica does not show yet."""
    session = LoginSession.objects.get()
    settings.DATABASE_ROUTERS = [Late()]
    with before(OutstandingToken, lambda: end_sessions(Target.session(session.pk))):
        issued = Program(**ann.post("/jwt/in-browser/").json())
    settings.DATABASE_ROUTERS = []
    assert Client().post("/jwt/refresh/", {"refresh": issued.refresh}).status_code == 401


def test_begin_registers_session_outside_request(user: Any) -> None:
    """Django's signal for a login is not sent."""
    heard: list[Any] = []
    user_logged_in.connect(lambda **kwargs: heard.append(kwargs), weak=False, dispatch_uid="test")
    try:
        token = begin(user, RefreshToken.for_user(user))
    finally:
        user_logged_in.disconnect(dispatch_uid="test")
    program = Program(str(token), str(token.access_token))
    assert program.works
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert (program.refused(), heard) == ("ended", [])


def test_failed_activity_write_does_not_refuse(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is served."""

    def fail(*args: Any) -> bool:
        raise DatabaseError("full")

    program = Program.log_in()
    monkeypatch.setattr(activity, "touch_row", fail)
    assert program.works


def test_database_outage_refuses_login_with_503(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client can try again."""

    def fail(*args: Any) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(registry, "database", fail)
    with connection.cursor():
        answer = Client().post("/jwt/", LOGIN)
    assert answer.status_code == 503


def test_session_ended_signal_for_browser_and_token(ann: Client) -> None:
    """The session, and the token session that belongs to it."""
    Program.log_in(client=ann)
    heard: list[str] = []

    def receive(session: Any, **kwargs: Any) -> None:
        heard.append(session.kind)

    session_ended.connect(receive)
    try:
        ann.post(LOGOUT)
    finally:
        session_ended.disconnect(receive)
    assert sorted(heard) == ["session", "simplejwt"]


def test_check_names_missing_serializers(settings: Any) -> None:
    """Tokens must name their session, both when they are issued and when they are refreshed."""
    assert list(check_tokens()) == []
    given = settings.SIMPLE_JWT
    settings.SIMPLE_JWT = {
        key: given[key] for key in ("TOKEN_OBTAIN_SERIALIZER", "TOKEN_BLACKLIST_SERIALIZER")
    }
    (found,) = check_tokens()
    assert found.id == "django_logout.W072"
    assert "jwt_serializers.TokenRefreshSerializer" in str(found.hint)
    settings.SIMPLE_JWT = None
    assert [found.id for found in check_tokens()] == ["django_logout.W072"] * 2


def test_check_names_missing_sliding_serializers(settings: Any) -> None:
    """Where sliding tokens are accepted beside access tokens, or alone."""
    access, sliding = settings.SIMPLE_JWT["AUTH_TOKEN_CLASSES"]
    for classes in ([access, sliding], [sliding]):
        settings.ROOT_URLCONF = "tests.urls"
        settings.SIMPLE_JWT = {"AUTH_TOKEN_CLASSES": classes}
        hints = [str(found.hint) for found in check_tokens()]
        assert len(hints) == 2 * len(classes)
        assert ".TokenRefreshSlidingSerializer" in hints[-1]


class StockBlacklistView(TokenBlacklistView):
    """A view that names its serializer itself."""

    serializer_class = library_serializers.TokenBlacklistSerializer


def test_stock_blacklist_view_ends_the_login(user: Any, settings: Any) -> None:
    """The package hears of it, so no check warns."""
    settings.ROOT_URLCONF = (path("back/", StockBlacklistView.as_view()), *ours)
    assert list(check_tokens()) == []
    program = Program.log_in()
    assert Client().post("/back/", {"refresh": program.refresh}).status_code == 200
    assert program.refused() == "user"
    assert LogoutEvent.objects.get().actor == user


def test_check_sees_through_subclasses(settings: Any) -> None:
    """Whatever the class inherits from; the setting may hold the class itself."""
    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(hours=2)}
    own = type("Own", (library.JWTAuthentication,), {})
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": [own]}
    (found,) = check_tokens()
    assert (found.id, "2:00:00" in found.msg) == ("django_logout.W071", True)
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": [type("Own", (SessionCheckMixin, own), {})]
    }
    assert list(check_tokens()) == []
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["nowhere.Nothing"]}
    assert list(check_tokens()) == []


def test_authentication_without_middleware(user: Any) -> None:
    """A request of a test's factory or a task is checked as well."""
    program = Program.log_in()
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {program.access}"})
    found, token = JWTAuthentication().authenticate(request)
    assert (found, token["sid"]) == (user, str(LoginSession.objects.get().pk))
    end_sessions(Target.user(user))
    with pytest.raises(Ended) as caught:
        JWTAuthentication().authenticate(request)
    assert "login_url" not in caught.value.detail


def test_token_without_user_is_refused_by_library(user: Any) -> None:
    """In the library's own words."""
    answer = Program("", str(AccessToken())).ask()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
