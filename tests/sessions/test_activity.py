"""When a session was last seen: one write an interval, whichever process serves it, and no more."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.contrib.auth import aget_user
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path, resolve
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions import activity
from tests.clients import logged_in, logged_in_as
from tests.query_counts import cost
from tests.timeouts import another_process
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def request(url: str = "/") -> HttpRequest:
    """A request for a page, as it is when the view is done."""
    made = RequestFactory().get(url)
    made.resolver_match = resolve(url)
    return made


def row() -> LoginSession:
    """The one session."""
    return LoginSession.objects.get()


def test_request_between_two_writes_takes_no_query(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """At the interval there is one query more, and it is a write."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": timedelta(minutes=2)}
    client = logged_in(user)
    client.get("/")
    with cost() as usual:
        client.get("/")
    costs = []
    for _ in range(5):
        clock.shift(60)
        with cost() as found:
            client.get("/")
        costs.append(found.queries - usual.queries)
        written = [sql for sql in found.statements if "last_seen_at" in sql.partition("WHERE")[0]]
        assert len(written) == costs[-1]

    assert costs == [0, 1, 0, 1, 0]
    assert row().last_seen_at == timezone.now() - timedelta(minutes=1)


def test_one_of_several_processes_writes(user: Any, settings: Any, clock: Any) -> None:
    """All have found that it is time; the row takes the first."""
    logged_in(user)
    session_id = row().pk
    clock.shift(60)
    assert activity.record_use(session_id, request())
    with another_process():
        assert activity.record_use(session_id, request())
        assert activity.touch_row(session_id, request())
    first = timezone.now()
    clock.shift(1)

    assert not activity.touch_row(session_id, request())
    assert row().last_seen_at == first
    assert not activity.record_use(session_id, request())


@pytest.mark.parametrize(
    ("limits", "exact"),
    [({}, False), ({"ABSOLUTE_TIMEOUT": 60}, False), ({"IDLE_TIMEOUT": 600}, True)],
)
def test_second_process_knows_when_the_next_write_is_due(
    user: Any, settings: Any, clock: Any, limits: Any, exact: bool
) -> None:
    """Where it matters, because a session can be idle: an interval after what the row says, so
    that the row is never older than that while the session is used. Nothing is locked for it."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": 60, **limits}
    logged_in(user)
    session_id = row().pk
    clock.shift(59)
    with another_process():
        with cost() as found:
            activity.touch_row(session_id, request())
        assert [each.partition(" ")[0] for each in found.statements] == ["SELECT"]
        clock.shift(1)
        assert activity.record_use(session_id, request()) == exact


async def apage(request: HttpRequest) -> HttpResponse:
    """Return the name of the user, in the event loop."""
    return HttpResponse(f"user={(await aget_user(request)).get_username()}")


async def awrite(request: HttpRequest) -> HttpResponse:
    """Writes the session."""
    await request.session.aset("count", 1)
    return HttpResponse("")


FACTS = (
    "user_id",
    "created_at",
    "authenticated_at",
    "last_seen_at",
    "expires_at",
    "ended_at",
    "ip_address",
    "user_agent",
    "device",
    "backend",
    "replays",
)


def test_under_asgi_the_row_is_the_same(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """Login, pages, a write, after the interval and before it."""
    settings.ROOT_URLCONF = routes(apage, path("awrite/", awrite))
    begun = timezone.now()
    agent = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"}
    rows = []
    for client in (Client(), AsyncClient()):
        clock.move_to(begun)
        LoginSession.objects.all().delete()
        ask(client.post, "/login/", {"username": "ann", "password": "pw"}, headers=agent)
        for seconds, url in ((30, OUT), (30, OUT), (1, "/awrite/"), (200, "/awrite/"), (9, OUT)):
            clock.shift(seconds)
            assert ask(client.get, url).status_code == 200
        rows.append(LoginSession.objects.values(*FACTS).get())

    assert rows[0] == rows[1]
    assert rows[0]["last_seen_at"] == begun + timedelta(seconds=261)
    assert rows[0]["expires_at"] == begun + timedelta(days=14, seconds=261)
    assert rows[0]["device"] == "Firefox on Linux"


def ask(method: Any, *arguments: Any, **more: Any) -> Any:
    """A request by a client of either kind."""
    return (async_to_sync(method) if iscoroutinefunction(method) else method)(*arguments, **more)


def expiry(days: float = 0, seconds: float = 0) -> datetime:
    """A moment from now."""
    return timezone.now() + timedelta(days=days, seconds=seconds)


def test_the_row_knows_how_long_a_saved_session_lives(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Django lets it live anew from each save: an interval exact, without a write more."""
    client = logged_in(user)
    clock.shift(59)
    client.get("/write/")
    assert row().expires_at == expiry(14, -59)
    clock.shift(1)
    client.get("/write/")
    assert row().expires_at == expiry(14)
    clock.shift(86400)
    client.get("/")  # is read only, and gets no longer
    assert row().expires_at == expiry(13)
    client.get("/write/")  # has just been written, but a day off
    assert row().expires_at == expiry(14)


def test_a_shorter_life_is_known_at_once(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """``set_expiry()``, as "remember me" uses it."""

    def shorten(request: HttpRequest) -> HttpResponse:
        request.session.set_expiry(300)
        return HttpResponse("")

    settings.ROOT_URLCONF = routes(shorten)
    client = logged_in(user)
    client.get(OUT)

    assert row().expires_at == expiry(seconds=300)


def test_a_process_that_saves_what_it_has_not_met_writes_it(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """It cannot know what the row says; the row does, and is left alone if that is right."""
    client = logged_in(user)
    clock.shift(30)
    with another_process():
        client.get("/write/")
    assert (row().expires_at, row().last_seen_at) == (expiry(14, -30), expiry(seconds=-30))
    clock.shift(30)
    with another_process():
        client.get("/write/")
    assert (row().expires_at, row().last_seen_at) == (expiry(14), expiry())


def test_a_passive_request_that_saves_is_not_activity(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """How long it lives is written, and that only."""
    settings.LOGOUT = {"PASSIVE_URLS": ["write"]}
    client = logged_in(user)
    begun = timezone.now()
    for _ in range(2):
        clock.shift(3600)
        client.get("/write/")
        assert (row().expires_at, row().last_seen_at) == (expiry(14), begun)
    with another_process():
        clock.shift(3600)
        client.get("/write/")
    assert (row().expires_at, row().last_seen_at) == (expiry(14), begun)


def test_a_passive_request_writes_nothing(user: Any, settings: Any, clock: Any) -> None:
    """Nor does it look like one that should."""
    settings.LOGOUT = {"PASSIVE_URLS": ["home"]}
    logged_in(user)
    clock.shift(3600)
    session_id = row().pk
    assert not activity.record_use(session_id, request())
    with another_process(), cost() as found:
        assert not activity.record_use(session_id, request())
        assert not activity.touch_row(session_id, request())
    assert found.statements == []


def test_the_dead_are_not_touched(user: Any, settings: Any, clock: Any) -> None:
    """Their row says when they were last alive."""
    logged_in(user)
    begun = timezone.now()
    end_sessions(Target.user(user))
    clock.shift(3600)

    assert not activity.touch_row(row().pk, request())
    assert row().last_seen_at == begun


def test_a_process_remembers_so_many_and_forgets_the_oldest(
    user: Any, settings: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site with a million sessions does not fill the memory; who is forgotten is asked for."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    monkeypatch.setattr(activity._memories(), "maxsize", 3)
    with another_process():
        clients = [logged_in(user) for _ in range(5)]
        ids = [each.pk for each in LoginSession.objects.order_by("created_at")]
        assert sum(activity.get_memory(session_id) is not None for session_id in ids) == 3
        assert [logged_in_as(each) for each in clients] == ["ann"] * 5
        assert len(activity._memories()) == 3


def test_moments_of_another_kind_are_forgotten(user: Any, settings: Any) -> None:
    """With and without a time zone they cannot be compared: tests of projects switch."""
    logged_in(user)
    session_id = row().pk
    assert activity.get_memory(session_id) is not None
    settings.USE_TZ = False
    assert activity.get_memory(session_id) is None
