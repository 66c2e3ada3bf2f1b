"""An administrator acts as another user, in a session derived from the administrator's own."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, get_user_model, login
from django.contrib.auth import logout as django_logout
from django.core import mail
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from django_logout.ending.logout import logout
from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.guard.impersonation import get_impersonator, set_impersonator
from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies.impersonation import impersonate, impersonation, stop_impersonating
from django_logout.sessions.identity import is_derived
from django_logout.types import Target
from tests.clients import (
    EVERYWHERE,
    JSON,
    LOGOUT,
    OTHERS,
    SESSIONS,
    before_us,
    browser,
    copy_of_all_cookies,
    end_url,
    home_page,
    listed,
    log_in,
    logged_in,
)
from tests.ending.failing_database import failing
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

AS = "/as/"
BACK = "/back/"


def act_as(request: HttpRequest, name: str) -> HttpResponse:
    """Act as the user with this name."""
    impersonate(request, get_user_model().objects.get(username=name))
    return HttpResponse(request.user.get_username())


def back(request: HttpRequest) -> HttpResponse:
    """Stop it."""
    return HttpResponse(f"{stop_impersonating(request)} {request.user.get_username()}")


STEPS = (path("as/<name>/", act_as), path("back/", back))


@pytest.fixture(autouse=True)
def _views(settings: Any) -> None:
    settings.ROOT_URLCONF = routes(back, *STEPS)


@pytest.fixture
def boss(db: None) -> Any:
    """The administrator."""
    return get_user_model().objects.create_user("boss", "boss@example.org", "pw")


@pytest.fixture
def client(engine: str, boss: Any, user: Any) -> Client:
    """The administrator's browser, in which ann is impersonated."""
    made = logged_in(boss)
    assert made.get(f"{AS}ann/").content == b"ann"
    assert home_page(made) == b"user=ann"
    return made


def rows(user: Any) -> Any:
    """Return the active sessions of a user."""
    return LoginSession.objects.filter(user=user, ended_at=None)


def assert_no_way_back(client: Client) -> None:
    """Neither user is served, and nothing leads to one."""
    thief = copy_of_all_cookies(client)
    assert home_page(client) == home_page(thief) == b"user="
    assert client.get(BACK).content == b"False "
    assert home_page(client) == b"user="


def test_administrator_gets_the_session_back(client: Client, boss: Any, user: Any) -> None:
    """It is the session of before: the same row, and no later proof."""
    session = rows(boss).get()
    thief = copy_of_all_cookies(client)
    assert client.get(BACK).content == b"True boss"
    assert home_page(client) == b"user=boss"
    assert home_page(thief) == b"user="
    assert rows(boss).get() == session
    assert rows(boss).get().authenticated_at == session.authenticated_at
    assert not rows(user).exists()
    event = LogoutEvent.objects.get(reason=Reason.RELEASED)
    assert (event.user, event.actor, event.sessions) == (user, boss, 1)
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert home_page(client) == b"user="


@pytest.mark.parametrize("way", ["user", "users", "session", "everyone", "others"])
def test_it_ends_with_the_session_of_the_administrator(
    client: Client, boss: Any, user: Any, way: str
) -> None:
    """However that ends, and on every engine."""
    targets = {
        "user": lambda: Target.user(boss),
        "users": lambda: Target.users(get_user_model().objects.filter(pk=boss.pk)),
        "session": lambda: Target.session(rows(boss).get().pk),
        "everyone": Target.everyone,
    }
    if way == "others":
        elsewhere = browser(boss)
        assert elsewhere.post(OTHERS, headers=JSON).status_code == 200
    else:
        assert end_sessions(targets[way](), reason=Reason.ADMIN).complete
        assert not rows(user).exists() or way == "everyone"
    assert_no_way_back(client)


def test_changed_password_of_the_administrator(client: Client, boss: Any) -> None:
    """It ends what the old password began."""
    boss.set_password("new")
    boss.save()
    assert_no_way_back(client)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "changed"}])
def test_account_changed_by_sql(client: Client, boss: Any, user: Any, change: Any) -> None:
    """No signal tells of it, so the next request finds out, and it is recorded."""
    get_user_model().objects.filter(pk=boss.pk).update(**change)
    assert_no_way_back(client)
    assert not rows(boss).exists()
    assert not rows(user).exists()


def test_deleted_administrator(client: Client, boss: Any) -> None:
    """No one impersonates any more."""
    boss.delete()
    assert_no_way_back(client)


@pytest.mark.parametrize("timeout", ["IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT"])
def test_timeout_of_the_administrator(
    engine: str, settings: Any, clock: Any, boss: Any, user: Any, timeout: str
) -> None:
    """It may be shorter than that of the user who is impersonated."""

    def limit(of: Any, request: Any) -> timedelta | None:
        return timedelta(minutes=10) if of.username == "boss" else None

    settings.LOGOUT = {timeout: limit}
    client = logged_in(boss)
    clock.shift(300)
    client.get(f"{AS}ann/")
    clock.shift(200)
    assert home_page(client) == b"user=ann"
    clock.shift(601)
    assert home_page(client) == b"user="
    assert_no_way_back(client)
    assert not rows(boss).exists()


def test_activity_is_that_of_the_administrator(
    engine: str, settings: Any, clock: Any, boss: Any, user: Any
) -> None:
    """An administrator who acts as a user for a long time is not idle."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    client = logged_in(boss)
    client.get(f"{AS}ann/")
    for _ in range(4):
        clock.shift(400)
        assert home_page(client) == b"user=ann"
    assert timezone.now() - rows(boss).get().last_seen_at < timedelta(minutes=2)
    client.get(BACK)
    assert home_page(client) == b"user=boss"
    clock.shift(601)
    assert home_page(client) == b"user="


def test_logout_ends_both(client: Client, boss: Any, user: Any) -> None:
    """A user who logs out wants out: no copy of a cookie is served, of either user."""
    thief = copy_of_all_cookies(client)
    client.post(LOGOUT)
    assert home_page(client) == home_page(thief) == b"user="
    assert not rows(boss).exists()
    assert not rows(user).exists()
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user, event.actor) == (Reason.USER, boss, boss)


@pytest.mark.parametrize(
    "out",
    [django_logout, logout, lambda request: request.session.flush()],
    ids=["django", "ours", "flush"],
)
def test_logout_by_code(client: Client, settings: Any, boss: Any, user: Any, out: Any) -> None:
    """Whatever function it calls."""

    def view(request: HttpRequest) -> HttpResponse:
        out(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    client.get(OUT)
    assert not rows(boss).exists()
    assert not rows(user).exists()
    assert home_page(client) == b"user="


def test_ending_of_the_users_own_sessions_ends_it(client: Client, boss: Any, user: Any) -> None:
    """After "log out everywhere", no one is served as this user."""
    own = browser(user)
    assert own.post(EVERYWHERE, headers=JSON).status_code == 200
    assert home_page(client) == b"user="
    assert not rows(boss).exists()  # No browser has it any more.


def test_new_hash_written_by_code_keeps_no_impersonation(
    client: Client, boss: Any, user: Any
) -> None:
    """The session to keep is one of the user, who has logged in to it."""
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    session = store(client.cookies["sessionid"].value)
    user.set_password("new")
    user.save()
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert home_page(client) == b"user="
    client.cookies["sessionid"] = session.session_key
    assert home_page(client) == b"user="


def test_it_is_no_login_of_the_user(
    engine: str, settings: Any, boss: Any, user: Any, mailoutbox: list[Any]
) -> None:
    """It takes no place, ends no session, sends no mail, and is not in the user's list."""
    get_user_model().objects.update(email="user@example.org")
    settings.LOGOUT = {"MAX_SESSIONS": 1, "NOTIFY": ["new_device", "sessions_ended"]}
    own, admin = browser(user), browser(boss, agent="Other")
    admin.get(f"{AS}ann/")
    assert home_page(admin) == b"user=ann"
    assert home_page(own) == b"user=ann"
    assert len(listed(own)) == 1
    admin.get(BACK)
    admin.get(f"{AS}ann/")
    admin.post(LOGOUT)
    assert mail.outbox == []
    again = Client()
    log_in(again)
    assert home_page(own) == b"user="  # This login took the one place, as ever.


def test_end_of_it_is_no_login_of_the_administrator(
    engine: str, settings: Any, clock: Any, boss: Any, user: Any
) -> None:
    """The proof is as old as before."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ABSOLUTE_TIMEOUT": 600}
    client = logged_in(boss)
    clock.shift(500)
    client.get(f"{AS}ann/")
    client.get(BACK)
    assert home_page(client) == b"user=boss"
    clock.shift(101)
    assert home_page(client) == b"user="


@pytest.mark.parametrize("url", [OTHERS, EVERYWHERE])
def test_impersonator_cannot_end_the_users_other_sessions(
    client: Client, user: Any, url: str
) -> None:
    """Neither all, nor the others."""
    own = browser(user)
    response = client.post(url, headers=JSON)
    assert response.status_code == 403
    assert "acting as another user" in response.json()["detail"]
    page = client.post(url)
    assert (page.status_code, b"acting as another user" in page.content) == (403, True)
    assert home_page(own) == home_page(client) == b"user=ann"


def test_nor_one_of_them(client: Client, user: Any) -> None:
    """It is the user's own business."""
    own = browser(user)
    (entry,) = listed(own)
    assert client.post(end_url(entry["id"]), headers=JSON).status_code == 403
    assert home_page(own) == b"user=ann"
    assert b"acting as another user" in client.get(SESSIONS).content


def test_pages_have_no_button_that_is_refused(client: Client, user: Any) -> None:
    """The sessions can be seen, but not selected or ended, one by one or all."""
    browser(user)
    sessions, everywhere = (client.get(url).content.decode() for url in (SESSIONS, EVERYWHERE))
    assert "Other devices" in sessions
    for page in (sessions, everywhere):
        assert "acting as another user" in page
        assert not re.search("logout-danger|checkbox|logout-bar|recognize|will end", page)


def test_logout_everywhere_by_code(client: Client, settings: Any, boss: Any, user: Any) -> None:
    """It ends this session and no other."""

    def view(request: HttpRequest) -> HttpResponse:
        logout(request, everywhere=True)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    own = browser(user)
    client.get(OUT)
    assert home_page(client) == b"user="
    assert home_page(own) == b"user=ann"


def test_administrator_is_on_record(client: Client, settings: Any, boss: Any, user: Any) -> None:
    """The actor of an ending is who really acts, whomever the code names."""

    def view(request: HttpRequest) -> HttpResponse:
        target = Target.session(rows(user).exclude(origin=None).get().pk)
        end_sessions(target, reason="closed", actor=request.user)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    row = rows(user).get()
    assert is_derived(row.pk)
    assert row.origin == rows(boss).get()
    client.get(OUT)
    assert LogoutEvent.objects.get(reason="closed").actor == boss


def test_password_that_an_impersonator_changes(
    client: Client, settings: Any, boss: Any, user: Any
) -> None:
    """The user's own sessions end, and the administrator has done it."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.set_password("new")
        request.user.save()
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    own = browser(user)
    client.get(OUT)
    assert home_page(own) == b"user="
    assert LogoutEvent.objects.get(reason=Reason.PASSWORD_CHANGED, user=user).actor == boss


def test_one_inside_another(client: Client, boss: Any, user: Any, other: Any) -> None:
    """Each ends with those that it comes from, and each step back leads one step back."""
    client.get(f"{AS}bob/")
    assert home_page(client) == b"user=bob"
    assert client.get(BACK).content == b"True ann"
    assert home_page(client) == b"user=ann"
    client.get(f"{AS}bob/")
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert_no_way_back(client)
    assert not LoginSession.objects.filter(ended_at=None).exists()


def test_step_back_over_two(client: Client, settings: Any, boss: Any, other: Any) -> None:
    """A login as the first user inside of the block leads back to that session."""

    def view(request: HttpRequest) -> HttpResponse:
        with impersonation(request):
            login(request, boss, backend=request.session[BACKEND_SESSION_KEY])
        return HttpResponse(str(get_impersonator(request)))

    client.get(f"{AS}bob/")
    settings.ROOT_URLCONF = routes(view, *STEPS)
    assert client.get(OUT).content == b"None"
    assert home_page(client) == b"user=boss"
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_changed_password_two_steps_away(client: Client, boss: Any, other: Any) -> None:
    """SQL has changed the account of the first in a chain."""
    client.get(f"{AS}bob/")
    get_user_model().objects.filter(pk=boss.pk).update(password="changed")
    assert_no_way_back(client)


def test_login_by_form_while_acting(client: Client, boss: Any, user: Any) -> None:
    """It is a login like any other, and ends both."""
    log_in(client, username="boss")
    assert home_page(client) == b"user=boss"
    assert rows(boss).get().origin is None
    assert not rows(user).exists()
    assert LogoutEvent.objects.get().reason == Reason.SWITCHED


def test_login_by_form_as_the_same_user(client: Client, boss: Any, user: Any) -> None:
    """Django keeps the session, and so does the administrator's ending end it."""
    before = rows(user).get().authenticated_at
    log_in(client)
    assert rows(user).get().authenticated_at == before
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert_no_way_back(client)


def test_session_from_before_the_installation(engine: str, boss: Any, user: Any) -> None:
    """It is registered when another is derived from it."""
    client = before_us(boss)
    client.get(f"{AS}ann/")
    assert home_page(client) == b"user=ann"
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert_no_way_back(client)


def test_hashes_that_are_lost(client: Client, settings: Any, boss: Any) -> None:
    """A view that drops them, with all but the login, changes nothing: they are put back."""

    def view(request: HttpRequest) -> HttpResponse:
        del request.session["_django_logout_origins"]
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    client.get(OUT)
    assert home_page(client) == b"user=ann"
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert_no_way_back(client)


def test_row_that_was_deleted(client: Client, boss: Any, user: Any) -> None:
    """A session that comes from none is refused."""
    LoginSession.objects.filter(user=boss).delete()
    assert home_page(client) == b"user="


def test_administrator_whose_session_ends_meanwhile(
    engine: str, settings: Any, boss: Any, user: Any
) -> None:
    """The view that acts as another user comes too late."""

    def view(request: HttpRequest) -> HttpResponse:
        assert request.user == boss
        end_sessions(Target.user(boss), reason=Reason.ADMIN)
        impersonate(request, user)
        raise AssertionError

    settings.ROOT_URLCONF = routes(view, *STEPS)
    client = logged_in(boss)
    response = client.get(OUT)
    assert response.status_code == 302
    assert home_page(client) == b"user="
    assert not rows(user).exists()


def test_step_back_that_comes_too_late(client: Client, settings: Any, boss: Any) -> None:
    """The administrator's session ends between the start of the request and the login."""

    def view(request: HttpRequest) -> HttpResponse:
        assert request.user.is_authenticated
        LoginSession.objects.filter(user=boss).update(ended_at=timezone.now())
        return back(request)

    settings.ROOT_URLCONF = routes(view, *STEPS)
    assert client.get(OUT).status_code == 302
    assert home_page(client) == b"user="


def test_transaction_that_is_rolled_back(engine: str, settings: Any, boss: Any, user: Any) -> None:
    """The session that the browser has is registered all the same, and derived."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            impersonate(request, user)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view, *STEPS)
    client = logged_in(boss)
    client.get(OUT)
    assert home_page(client) == b"user=ann"
    end_sessions(Target.user(boss), reason=Reason.ADMIN)
    assert_no_way_back(client)


@pytest.mark.parametrize("name", ["", "ann"])
def test_wrong_calls(engine: str, settings: Any, user: Any, name: str) -> None:
    """Someone who is not logged in impersonates no one, and no one impersonates himself."""
    client = logged_in(user) if name else Client()
    with pytest.raises(ValueError, match="needs a logged in user"):
        client.get(f"{AS}ann/")


def test_no_step_back_without_a_step(engine: str, user: Any) -> None:
    """A session of one's own stays as it is."""
    client = logged_in(user)
    assert client.get(BACK).content == b"False ann"
    assert home_page(client) == b"user=ann"


def test_no_step_back_in_a_request_without_a_session(rf: Any) -> None:
    """A project may serve some URLs without Django's session middleware."""
    assert not stop_impersonating(rf.get(BACK))


def test_step_back_that_cannot_be_recorded(engine: str, client: Client, boss: Any) -> None:
    """The session of the user could not be ended, so the administrator's is not given back.

    Django has rotated the key by then, so the engine has the data of neither any more. A signed
    cookie holds them itself, and the browser can try again.
    """
    with failing("INSERT", "django_logout_logoutevent"):
        assert client.get(BACK).status_code == 503
    assert rows(boss).exists()
    if engine == "signed_cookies":
        assert home_page(client) == b"user=ann"
        assert client.get(BACK).content == b"True boss"
    else:
        assert_no_way_back(client)


@pytest.mark.parametrize("way", [AS, BACK])
def test_page_of_sessions_asks_an_impersonator_for_no_login(
    client: Client, settings: Any, way: str
) -> None:
    """A new login would be that of the administrator, and prove nothing about the user."""
    settings.LOGOUT = {"REAUTHENTICATION_AGE": None}
    if way == BACK:
        client.get(BACK)
    context = client.get(f"{SESSIONS}?again=1").context
    assert bool(context["impersonated"]) is context["reauthenticate"] is (way == AS)


def test_user_replaced_by_a_middleware_of_the_project(
    engine: str, settings: Any, boss: Any, user: Any
) -> None:
    """The session stays that of the administrator, who is on record."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.policies.test_impersonation.overlay"]
    own, client = browser(user), browser(boss)
    assert home_page(client) == b"user=ann"
    assert client.post(EVERYWHERE, headers=JSON).status_code == 403
    assert home_page(own) == b"user=ann"
    client.post(LOGOUT)
    assert LogoutEvent.objects.get().actor == boss


def overlay(get_response: Any) -> Any:
    """Let boss act as ann, in the session of boss."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.get_username() == "boss":
            set_impersonator(request, request.user._wrapped)
            request.user = get_user_model().objects.get(username="ann")
        response: HttpResponse = get_response(request)
        return response

    return middleware


def test_sites_where_no_one_impersonates_pay_nothing(engine: str, boss: Any, user: Any) -> None:
    """An ending looks for derived sessions only if there are any."""
    browser(user)
    with CaptureQueriesContext(connection) as queries:
        end_sessions(Target.user(user), reason=Reason.ADMIN)
    asked = [query["sql"] for query in queries if "origin_id" in query["sql"]]
    assert [sql for sql in asked if "WHERE" in sql and "origin_id" in sql.split("WHERE")[1]] == []
