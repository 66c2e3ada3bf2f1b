"""Limits of logins by tokens: how many, how long, how idle; and logins that do not come about."""

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
from tests.pages import LOGOUT, signed_in
from tests.projects.jwt.urls import urlpatterns as ours
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = {"username": "ann", "password": "pw"}


@contextmanager
def before(model: Any, act: Callable[[], Any]) -> Iterator[None]:
    """Something happens, once, right before a row of a model is written."""
    left = [act]

    def receive(**kwargs: Any) -> None:
        if left:
            left.pop()()

    pre_save.connect(receive, sender=model, weak=False)
    try:
        yield
    finally:
        pre_save.disconnect(receive, sender=model)


def test_each_is_a_device(ann: Client, settings: Any, clock: Any) -> None:
    """The oldest ends, whether browser or program."""
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    clock.shift(1)
    first = Program.log_in()
    clock.shift(1)
    second = Program.log_in()
    assert (signed_in(ann), first.works, second.works) == ("", True, True)
    Client().force_login(get_user_model().objects.get())
    assert (first.refused(), second.works) == ("limit", True)


def test_of_a_browser_it_is_that_device(ann: Client, settings: Any) -> None:
    """It takes no place of its own."""
    settings.LOGOUT = {"MAX_SESSIONS": 1}
    programs = [Program.log_in(client=ann) for _ in range(2)]
    assert all(program.works for program in programs)
    assert signed_in(ann) == "ann"


def test_where_logins_are_refused_it_is(ann: Client, settings: Any) -> None:
    """With a reason."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    answer = Client().post("/jwt/", LOGIN)
    assert (answer.status_code, answer.json()["reason"]) == (401, "login_refused")
    assert LoginSession.objects.count() == 1


def test_idle_tokens_end(user: Any, settings: Any, clock: Any) -> None:
    """Each request is activity; what has been idle for long has ended for good, and says why."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    program = Program.log_in()
    for _ in range(3):
        clock.shift(500)
        assert program.works
    clock.shift(601)
    assert program.refused() == "idle"
    assert LogoutEvent.objects.get().reason == "idle"


def test_exchanging_tokens_is_activity(user: Any, settings: Any, clock: Any) -> None:
    """And is refused once it comes too late."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    program = Program.log_in()
    for _ in range(3):
        clock.shift(500)
        program = program.exchange()
    clock.shift(700)
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "idle")


def test_no_exchange_lengthens_a_login_beyond_its_age(user: Any, settings: Any, clock: Any) -> None:
    """However new the tokens are."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": timedelta(hours=20)}
    program = Program.log_in()
    for _ in range(20):
        clock.shift(3500)
        program = program.exchange()
    clock.shift(2001)
    assert program.refused() == "absolute_timeout"


def test_limits_may_depend_on_the_user(user: Any, settings: Any, clock: Any) -> None:
    """Who is told them by the row of the login."""
    settings.LOGOUT = {
        "ABSOLUTE_TIMEOUT": lambda user, request: 60 if user.username == "ann" else None
    }
    program = Program.log_in()
    assert program.works
    clock.shift(61)
    assert program.refused() == "absolute_timeout"


def test_exchanged_it_lives_as_long_as_the_new_token(user: Any, clock: Any) -> None:
    """So that it is not taken for over."""
    program, row = Program.log_in(), LoginSession.objects.get()
    clock.shift(3600)
    program.exchange()
    later = LoginSession.objects.get()
    assert (later.expires_at - row.expires_at).total_seconds() == pytest.approx(3600, abs=5)


def test_of_a_password_that_is_changed_meanwhile_no_login_comes(user: Any) -> None:
    """It has been proved already, and the change could not see the login."""

    def change() -> None:
        changed = get_user_model().objects.get()
        changed.set_password("new")
        changed.save()

    with before(OutstandingToken, change):
        answer = Client().post("/jwt/", LOGIN)
    assert (answer.status_code, answer.json()["reason"]) == (401, "password_changed")
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("what", ["disabled", "deleted"])
def test_nor_of_an_account_that_is_disabled_or_deleted(user: Any, what: str) -> None:
    """Likewise."""
    rows = get_user_model().objects.all()
    act = rows.delete if what == "deleted" else lambda: rows.update(is_active=False)
    token = RefreshToken.for_user(user)
    act()
    with pytest.raises(Ended) as caught:
        begin(user, token)
    assert caught.value.detail["reason"] == what
    assert not LoginSession.objects.exists()


def test_in_a_browser_that_logs_out_meanwhile_no_login_comes(ann: Client, user: Any) -> None:
    """It would be of a session that has ended."""
    session = LoginSession.objects.get()

    def end() -> None:
        end_sessions(Target.session(session.pk))

    with before(LoginSession, end):
        answer = ann.post("/jwt/", LOGIN)
    assert answer.status_code == 401
    assert list(LoginSession.objects.all()) == [session]
    assert not CredentialBinding.objects.exists()


def test_adopted_in_a_browser_that_logs_out_meanwhile_it_is_refused(ann: Client) -> None:
    """A refresh token of no login, obtained in that browser."""
    issued = Program(**ann.post("/jwt/in-browser/").json())
    session = LoginSession.objects.get()
    with before(LoginSession, lambda: end_sessions(Target.session(session.pk))):
        answer = Client().post("/jwt/refresh/", {"refresh": issued.refresh})
    assert answer.status_code == 401


class Late:
    """Reads of the library's list are sent to a replica, which does not know what was just made."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model is OutstandingToken else None


def test_of_no_login_it_is_blacklisted_where_it_was_written(ann: Client, settings: Any) -> None:
    """Obtained in a browser that logs out meanwhile; the replica would know nothing of it."""
    session = LoginSession.objects.get()
    settings.DATABASE_ROUTERS = [Late()]
    with before(OutstandingToken, lambda: end_sessions(Target.session(session.pk))):
        issued = Program(**ann.post("/jwt/in-browser/").json())
    settings.DATABASE_ROUTERS = []
    assert Client().post("/jwt/refresh/", {"refresh": issued.refresh}).status_code == 401


def test_code_of_the_projects_own_begins_a_login_with_a_token(user: Any) -> None:
    """Outside of any request, too; no signal of Django's says that somebody logged in."""
    heard: list[Any] = []
    user_logged_in.connect(lambda **kwargs: heard.append(kwargs), weak=False, dispatch_uid="test")
    try:
        token = begin(user, RefreshToken.for_user(user))
    finally:
        user_logged_in.disconnect(dispatch_uid="test")
    program = Program(str(token), str(token.access_token))
    assert program.works
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert (program.refused(), heard) == ("user", [])


def test_when_activity_cannot_be_written_the_request_is_served(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no reason to refuse anybody."""

    def fail(*args: Any) -> bool:
        raise DatabaseError("full")

    program = Program.log_in()
    monkeypatch.setattr(activity, "touch", fail)
    assert program.works


def test_with_the_database_down_no_login_comes_about(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503; the client tries again."""

    def fail(*args: Any) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(registry, "database", fail)
    with connection.cursor():
        answer = Client().post("/jwt/", LOGIN)
    assert answer.status_code == 503


def test_logging_out_of_the_browser_tells_receivers_of_each(ann: Client) -> None:
    """The session, and the login that was part of it."""
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


def test_a_correct_project_hears_nothing_and_a_half_one_what_to_type(settings: Any) -> None:
    """Tokens must say of which login they are, when they are issued and when they are exchanged."""
    assert list(check_tokens()) == []
    given = settings.SIMPLE_JWT
    settings.SIMPLE_JWT = {
        key: given[key] for key in ("TOKEN_OBTAIN_SERIALIZER", "TOKEN_BLACKLIST_SERIALIZER")
    }
    (found,) = check_tokens()
    assert found.id == "django_logout.W072"
    assert "jwt_serializers.TokenRefreshSerializer" in str(found.hint)
    settings.SIMPLE_JWT = None
    ids = ["django_logout.W072", "django_logout.W072", "django_logout.W075"]
    assert [found.id for found in check_tokens()] == ids
    settings.ROOT_URLCONF = "tests.urls"
    assert [found.id for found in check_tokens()] == ids[:2]


def test_so_must_sliding_tokens_where_they_are_let_in(settings: Any) -> None:
    """Beside access tokens, or alone; then nothing is said of pairs."""
    access, sliding = settings.SIMPLE_JWT["AUTH_TOKEN_CLASSES"]
    for classes in ([access, sliding], [sliding]):
        settings.ROOT_URLCONF = "tests.urls"
        settings.SIMPLE_JWT = {"AUTH_TOKEN_CLASSES": classes}
        hints = [str(found.hint) for found in check_tokens()]
        assert len(hints) == 2 * len(classes)
        assert ".TokenRefreshSlidingSerializer" in hints[-1]


class StockBlacklistView(TokenBlacklistView):
    """Which says by itself how tokens are taken back."""

    serializer_class = library_serializers.TokenBlacklistSerializer


def test_the_librarys_own_way_to_give_a_token_back_is_seen(user: Any, settings: Any) -> None:
    """Since it says that all is well, and leaves the access tokens alone."""
    settings.ROOT_URLCONF = (path("back/", StockBlacklistView.as_view()),)
    (found,) = check_tokens()
    assert (found.id, "StockBlacklistView" in found.msg) == ("django_logout.W075", True)
    settings.ROOT_URLCONF = (path("back/", StockBlacklistView.as_view()), *ours)
    program = Program.log_in()
    assert Client().post("/back/", {"refresh": program.refresh}).status_code == 200
    assert program.works


def test_a_class_of_the_projects_own_is_seen_through(settings: Any) -> None:
    """Whatever it is made of; in the settings of the framework it may stand as a class."""
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


def test_outside_of_our_middleware_tokens_are_asked_about_all_the_same(user: Any) -> None:
    """Where there is no request that could be known: a test's factory, a task."""
    program = Program.log_in()
    request = APIRequestFactory().get("/", headers={"Authorization": f"Bearer {program.access}"})
    found, token = JWTAuthentication().authenticate(request)
    assert (found, token["sid"]) == (user, str(LoginSession.objects.get().pk))
    end_sessions(Target.user(user))
    with pytest.raises(Ended) as caught:
        JWTAuthentication().authenticate(request)
    assert "login_url" not in caught.value.detail


def test_a_token_of_nobody_is_the_librarys_to_refuse(user: Any) -> None:
    """It says so in its own words."""
    answer = Program("", str(AccessToken())).ask()
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
