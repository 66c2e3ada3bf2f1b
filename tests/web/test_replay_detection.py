"""The alarm: an ended session's cookie comes back, and not from the browser that had it."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError
from django.http import HttpRequest
from django.test import AsyncClient, Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions.registry import find_ended
from django_logout.signals import session_replayed
from django_logout.web import replay_detection
from tests.clients import EVERYWHERE, LOGOUT

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
UPDATED = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
THIEF = "curl/8.5"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """This process has counted nothing yet."""
    replay_detection._counted.clear()
    yield
    replay_detection._counted.clear()


@pytest.fixture
def alarms() -> Iterator[list[Any]]:
    """What receivers of ``session_replayed`` hear."""
    heard: list[Any] = []

    def hear(session: Any, request: Any, **kwargs: Any) -> None:
        heard.append((session.id, session.user_id, request.headers["User-Agent"]))

    session_replayed.connect(hear)
    yield heard
    session_replayed.disconnect(hear)


def login(user: Any, agent: str = FIREFOX) -> tuple[Client, str]:
    """A browser, and a copy of its cookie."""
    browser = Client(headers={"user-agent": agent})
    browser.force_login(user)
    browser.get("/write/")  # registers nothing new; signed cookies get their last value
    LoginSession.objects.update(user_agent=agent, device=agent and "some", ip_address="127.0.0.0")
    return browser, browser.cookies["sessionid"].value


def present(cookie: str, agent: str = THIEF, **extra: Any) -> int:
    """Send a request with a cookie."""
    browser = Client(headers={"user-agent": agent}, **extra)
    browser.cookies["sessionid"] = cookie
    return browser.get("/private/").status_code


def replays() -> int:
    """What is counted on the row."""
    return LoginSession.objects.get().replays


@pytest.fixture
def later() -> Iterator[Any]:
    """Lets time go by."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield lambda seconds=61: traveller.shift(timedelta(seconds=seconds))


def test_a_copy_of_a_logged_out_cookie_raises_the_alarm(
    engine: str, user: Any, alarms: list[Any], caplog: Any
) -> None:
    """Counted, signalled, in the log with where it came from, and never a key."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    with caplog.at_level(logging.INFO, logger="django_logout"):
        assert present(copy) == 302
    row = LoginSession.objects.get()
    assert row.replays == 1
    assert alarms == [(row.pk, user.pk, THIEF)]
    (record,) = [each for each in caplog.records if each.name == "django_logout.security"]
    assert record.levelname == "WARNING"
    assert (record.session, record.user) == (str(row.pk), str(user.pk))
    assert (record.ip_address, record.user_agent) == ("127.0.0.0", THIEF)
    assert record.reason == "user"
    assert copy not in str(vars(record))


def test_a_cookie_ended_from_elsewhere_raises_it_when_another_device_has_it(
    engine: str, user: Any, alarms: list[Any]
) -> None:
    """At once: that is not the browser that has not heard yet."""
    _, copy = login(user)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    present(copy)
    assert len(alarms) == replays() == 1


async def test_alarm_is_raised_under_asgi(engine: str, user: Any) -> None:
    """The same under ASGI."""
    browser = AsyncClient()
    await browser.aforce_login(user)
    copy = browser.cookies["sessionid"].value
    await browser.post(LOGOUT)
    thief = AsyncClient()
    thief.cookies["sessionid"] = copy
    await thief.get("/private/", headers={"user-agent": THIEF})
    assert (await LoginSession.objects.aget()).replays == 1


def test_late_requests_of_the_browser_that_logged_out_are_none(
    engine: str, user: Any, later: Any
) -> None:
    """The client left before the response came. After a minute, no client is that slow."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    later(59)
    present(copy, FIREFOX)
    assert replays() == 0
    later(1)
    present(copy, FIREFOX)
    assert replays() == 1


def test_within_that_minute_another_address_is_an_alarm(engine: str, user: Any) -> None:
    """Even with the same browser: no user moves so fast."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    present(copy, FIREFOX, REMOTE_ADDR="192.0.2.7")
    assert replays() == 1


def switch(browser: Client, later: Any) -> None:
    """Another user logs in."""
    browser.post("/login/", {"username": "bob", "password": "pw"})


def come_late(browser: Client, later: Any) -> None:
    """After the time that is allowed."""
    later(600)
    browser.get("/private/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "end", [lambda browser, later: browser.post(EVERYWHERE), switch, come_late]
)
def test_replay_grace_applies_after_any_ending_that_the_response_told(
    engine: str, user: Any, other: Any, settings: Any, later: Any, end: Any
) -> None:
    """The browser ended all its sessions, switched to another user, or came too late. Its response
    told it so, and it need not come back to learn that."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600}
    browser, copy = login(user)
    end(browser, later)
    later(59)
    present(copy, FIREFOX)
    assert LoginSession.objects.get(user=user).replays == 0
    later(1)
    present(copy, FIREFOX)
    assert LoginSession.objects.get(user=user).replays == 1


def test_a_browser_that_was_not_told_comes_back_once(
    engine: str, user: Any, alarms: list[Any], later: Any
) -> None:
    """Days after, from elsewhere and updated, with several requests at a time; then it knows."""
    _, copy = login(user)
    end_sessions(Target.user(user), reason=Reason.PASSWORD_CHANGED)
    later(100_000)
    present(copy, UPDATED, REMOTE_ADDR="192.0.2.7")
    later(5)
    present(copy, UPDATED)
    assert replays() == 0
    later(60)
    present(copy, UPDATED)
    assert replays() == len(alarms) == 1


def test_counted_once_a_minute_and_signalled_once(
    engine: str, user: Any, alarms: list[Any], later: Any
) -> None:
    """An attacker who has the cookie cannot make the site write without end."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    for _ in range(3):
        present(copy)
    assert replays() == 1
    later()
    present(copy)
    assert replays() == 2
    assert len(alarms) == 1


def test_another_process_signals_it_no_second_time(
    engine: str, user: Any, alarms: list[Any]
) -> None:
    """The row says whether it is the first; two that have read it at once cannot both be."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    stale = LoginSession.objects.select_related("event").get()
    present(copy)
    replay_detection._raise_alarm(HttpRequest(), stale)
    assert replays() == 2
    assert len(alarms) == 1


def test_a_receiver_that_raises_changes_nothing(engine: str, user: Any) -> None:
    """The thief gets the same answer."""

    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    browser, copy = login(user)
    browser.post(LOGOUT)
    session_replayed.connect(fail)
    try:
        assert present(copy) == 302
    finally:
        session_replayed.disconnect(fail)
    assert replays() == 1


@pytest.mark.parametrize("where", ["registry.find_ended", "_raise_alarm"])
def test_a_database_that_fails_changes_nothing(
    user: Any, monkeypatch: Any, caplog: Any, where: str
) -> None:
    """The cookie is refused all the same."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError

    browser, copy = login(user)
    browser.post(LOGOUT)
    monkeypatch.setattr(f"django_logout.web.replay_detection.{where}", fail)
    assert present(copy) == 302
    assert "Replay detection failed." in caplog.text


def test_costs_nothing_without_an_ended_cookie(engine: str, user: Any, monkeypatch: Any) -> None:
    """Neither visitors nor users are looked up."""
    browser, _ = login(user)
    monkeypatch.setattr("django_logout.web.replay_detection.registry.find_ended", None)
    assert browser.get("/private/").status_code == 200
    assert Client().get("/private/").status_code == 302


def test_a_counted_cookie_is_not_even_looked_up(engine: str, user: Any, monkeypatch: Any) -> None:
    """Where its id is known before."""
    _, copy = login(user)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    present(copy)
    lookups: list[Any] = []

    def look(**which: Any) -> Any:
        lookups.append(which)
        return find_ended(**which)

    monkeypatch.setattr("django_logout.web.replay_detection.registry.find_ended", look)
    present(copy)
    # Where the table holds them, the ending has deleted the data, and so the id.
    assert len(lookups) == (engine in {"db", "cached_db"})


def test_unknown_keys_and_ids_are_no_alarm(engine: str, user: Any, alarms: list[Any]) -> None:
    """Rubbish, an expired session, a session whose row has been pruned."""
    browser, copy = login(user)
    present("k" * 32)
    browser.post(LOGOUT)
    LoginSession.objects.all().delete()
    present(copy)
    assert alarms == []


def test_a_pruned_event_leaves_the_alarm(engine: str, user: Any, alarms: list[Any]) -> None:
    """Its row still tells that it has ended, but not by whom."""
    browser, copy = login(user)
    browser.post(LOGOUT)
    LoginSession.objects.update(event=None)
    present(copy)
    assert len(alarms) == 1
