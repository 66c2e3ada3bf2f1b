"""Expiry in requests of every kind, and of sessions of every origin."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import aget_user
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import before_us, copy_of, logged_in, logged_in_as
from tests.query_counts import cost
from tests.timeouts import another_process, reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

IDLE = {"IDLE_TIMEOUT": timedelta(minutes=10)}
AGE = {"ABSOLUTE_TIMEOUT": 3600}


async def apage(request: HttpRequest) -> HttpResponse:
    """Return the name of the user, in the event loop."""
    return HttpResponse(f"user={(await aget_user(request)).get_username()}")


async def test_under_asgi(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """The same, and the row is not asked in the event loop."""
    settings.LOGOUT = {**IDLE, "ABSOLUTE_TIMEOUT": lambda user, request: 3600}
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)
    clock.shift(599)
    assert (await client.get(OUT)).content == b"user=ann"
    clock.shift(599)
    with another_process():
        assert (await client.get(OUT)).content == b"user=ann"
    clock.shift(600)

    assert (await client.get(OUT)).content == b"user="
    assert [event.reason async for event in LogoutEvent.objects.all()] == ["idle"]


@pytest.mark.parametrize("fails", [False, True])
def test_in_a_view_with_a_transaction_of_its_own(
    engine: str, user: Any, settings: Any, clock: Any, fails: bool
) -> None:
    """It ends outside of that, whatever becomes of it."""
    settings.LOGOUT = IDLE
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True

    def view(request: HttpRequest) -> HttpResponse:
        if fails and not request.user.is_authenticated:
            raise OSError
        return HttpResponse(request.user.get_username())

    settings.ROOT_URLCONF = routes(view)
    client = logged_in(user)
    client.raise_request_exception = False
    clock.shift(600)
    try:
        client.get(OUT)
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert reasons() == ["idle"]


def who_first(get_response: Any) -> Any:
    """A middleware that asks who it is before ours has seen the session."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.user.is_authenticated  # noqa: B018
        return get_response(request)

    return middleware


def test_user_loaded_by_an_earlier_middleware_is_forgotten(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Whom Django has remembered by then is forgotten: expired, or ended."""
    settings.LOGOUT = IDLE
    place = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*ours[:place], f"{__name__}.who_first", *ours[place:]]
    client, other = logged_in(user), logged_in(user)
    clock.shift(599)
    assert logged_in_as(client) == "ann"
    clock.shift(599)
    assert (logged_in_as(client), logged_in_as(other)) == ("ann", "")
    copy = copy_of(client)
    end_sessions(Target.user(user))
    assert (logged_in_as(client), logged_in_as(copy)) == ("", "")


async def test_a_middleware_that_asks_first_under_asgi(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """The same."""
    settings.LOGOUT = IDLE
    settings.ROOT_URLCONF = routes(apage, path("who/", asks_by_attribute))
    place = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*ours[:place], f"{__name__}.who_first", *ours[place:]]
    client = AsyncClient()
    await client.aforce_login(user)
    assert (await client.get("/who/")).content == b"user=ann"
    clock.shift(600)
    assert (await client.get("/who/")).content == b"user="


async def asks_by_attribute(request: HttpRequest) -> HttpResponse:
    """What Django remembers of the user."""
    return HttpResponse(f"user={(await request.auser()).get_username()}")


def test_each_request_saves_its_session(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """A page that never loads the user counts as activity too, and an expired session is not
    saved."""
    settings.LOGOUT = IDLE
    settings.SESSION_SAVE_EVERY_REQUEST = True
    client = logged_in(user)
    for _ in range(3):
        clock.shift(500)
        assert client.get("/quiet/").status_code == 200
    assert LoginSession.objects.get().last_seen_at == timezone.now()
    clock.shift(600)
    client.get("/quiet/")

    assert reasons() == ["idle"]


def test_a_request_without_a_session_is_left_alone(user: Any, settings: Any) -> None:
    """Even where each request saves its session: it has none."""
    settings.LOGOUT = IDLE
    settings.SESSION_SAVE_EVERY_REQUEST = True
    with cost() as found:
        response = Client().get("/quiet/")
    assert found.queries == 0
    assert "Vary" not in response.headers or "Cookie" not in response["Vary"]


def test_sessions_from_before_our_time_begin_when_they_are_met(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Their age is unknown."""
    settings.LOGOUT = {**IDLE, **AGE}
    client = before_us(user)
    clock.shift(5000)

    assert logged_in_as(client) == "ann"
    clock.shift(599)
    assert logged_in_as(client) == "ann"
    clock.shift(600)
    assert logged_in_as(client) == ""
    assert reasons() == ["idle"]


def test_a_session_without_its_row_is_refused(user: Any, settings: Any, clock: Any) -> None:
    """It claims an id that is not registered."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    LoginSession.objects.all().delete()
    with another_process():
        assert logged_in_as(client) == ""
    assert reasons() == []


def test_a_session_that_ends_while_it_is_loaded_is_refused_for_that(
    user: Any, settings: Any, clock: Any
) -> None:
    """The engine has found it, and when its row is asked it has ended."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    LoginSession.objects.update(ended_at=timezone.now())
    with another_process():
        assert logged_in_as(client) == ""
    assert reasons() == []


def test_expired_session_that_cannot_be_deleted_is_refused(
    user: Any, settings: Any, clock: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The session that is left in it is refused, and the log says so."""
    settings.SESSION_ENGINE = "tests.failing_engine"
    settings.SESSION_FILE_PATH = str(tmp_path)
    settings.LOGOUT = IDLE
    client = logged_in(user)
    copy, key = copy_of(client), client.session.session_key
    clock.shift(600)

    assert (logged_in_as(client), logged_in_as(copy)) == ("", "")
    assert reasons() == ["idle"]
    assert "could not be deleted" in caplog.text
    assert key not in caplog.text
