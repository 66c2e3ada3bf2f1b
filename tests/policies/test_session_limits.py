"""How many sessions a user may have: the oldest ends, or the login is refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import alogin, login
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout.exceptions import LoginRefused
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import BACKEND, before_us, log_in, logged_in, logged_in_as, logged_in_by_turns
from tests.query_counts import cost
from tests.timeouts import reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


ELSEWHERE = "You logged in on another device and reached the maximum number of sessions."


def test_the_oldest_ends_and_is_told_why(
    engine: str, user: Any, other: Any, settings: Any, clock: Any
) -> None:
    """One comes, one goes; other people's stay."""
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    (bob,) = logged_in_by_turns(other, clock, 1)
    first, second, third = logged_in_by_turns(user, clock, 3)

    answer = first.get("/private/?page=2")
    assert ELSEWHERE in first.get(answer["Location"]).text
    assert [logged_in_as(each) for each in (second, third, bob)] == ["ann", "ann", "bob"]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.actor, event.sessions) == ("limit", user, 1)


def test_a_limit_that_was_lowered_ends_as_many_as_it_takes(
    user: Any, settings: Any, clock: Any
) -> None:
    """At the next login."""
    browsers = logged_in_by_turns(user, clock, 4)
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    browsers += logged_in_by_turns(user, clock, 1)

    assert [logged_in_as(each) for each in browsers] == ["", "", "", "ann", "ann"]


def test_by_user(user: Any, other: Any, settings: Any, clock: Any) -> None:
    """A callable gets the user and the request; ``None`` is no limit."""
    settings.LOGOUT = {
        "MAX_SESSIONS": lambda who, request: 1 if request.path == "/login/" else None,
    }
    anns, bobs = (
        [Client(), *logged_in_by_turns(user, clock, 1)],
        logged_in_by_turns(other, clock, 2),
    )
    clock.shift(1)
    log_in(anns[0])
    anns.reverse()
    assert [logged_in_as(each) for each in anns + bobs] == ["", "ann", "bob", "bob"]


@pytest.mark.parametrize("at_limit", ["end_oldest", "refuse", "ask"])
def test_logging_in_again_takes_no_further_place(
    engine: str, user: Any, settings: Any, clock: Any, at_limit: str
) -> None:
    """In the same session, or after a change of password, which makes Django begin another."""
    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": at_limit}
    first, second = logged_in_by_turns(user, clock, 2)
    assert log_in(second)["Location"] == "/"
    # In a way that sends no signals, on which the others would end at once.
    type(user).objects.update(password=make_password("pw"))
    assert log_in(second)["Location"] == "/"

    assert logged_in_as(second) == "ann"
    assert "limit" not in reasons()
    assert first.cookies["sessionid"].value


def test_only_the_living_count(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """Not what has ended, is idle, too old, or has outlived its cookie."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    (first,) = logged_in_by_turns(user, clock, 1)
    first.post("/accounts/logout/")
    (second,) = logged_in_by_turns(user, clock, 1)
    if engine != "file":  # where the kernel says how old a session is
        clock.shift(timedelta(days=15))
    else:
        second.post("/accounts/logout/")
    (third,) = logged_in_by_turns(user, clock, 1)
    settings.LOGOUT = {**settings.LOGOUT, "IDLE_TIMEOUT": 60}
    clock.shift(76)
    (fourth,) = logged_in_by_turns(user, clock, 1)
    settings.LOGOUT = {**settings.LOGOUT, "ABSOLUTE_TIMEOUT": 600}
    for _ in range(11):
        clock.shift(50)
        assert logged_in_as(fourth) == "ann"
    clock.shift(50)
    (fifth,) = logged_in_by_turns(user, clock, 1)

    assert logged_in_as(fifth) == "ann"
    assert [logged_in_as(each) for each in (second, third, fourth)] == ["", "", ""]


@pytest.mark.parametrize(("limit", "at_limit"), [(1, "refuse"), (1, "ask"), (2, "end_oldest")])
def test_what_has_expired_in_the_same_browser_does_not_count(
    engine: str, user: Any, settings: Any, clock: Any, limit: int, at_limit: str
) -> None:
    """Though another process might know better of it."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 600, "MAX_SESSIONS": limit, "ON_MAX_SESSIONS": at_limit}
    *others, mine = logged_in_by_turns(user, clock, limit)
    clock.shift(590)
    for each in others:
        assert logged_in_as(each) == "ann"
    clock.shift(30)

    assert log_in(mine)["Location"] == "/"

    assert [logged_in_as(each) for each in (*others, mine)] == ["ann"] * limit
    assert reasons() == ["idle"]


def test_a_session_that_is_saved_counts_for_as_long_as_it_lives(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Longer than from its login, where each request saves it."""
    if engine == "file":
        pytest.skip("the kernel says how old a file is, and heeds no clock of ours")
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    settings.SESSION_SAVE_EVERY_REQUEST = True
    (client,) = logged_in_by_turns(user, clock, 1)
    clock.shift(timedelta(days=10))
    client.get("/quiet/")
    clock.shift(timedelta(days=10))

    with pytest.raises(LoginRefused):
        logged_in(user)
    assert logged_in_as(client) == "ann"


@pytest.mark.parametrize(("at_limit", "alive"), [("end_oldest", 2), ("refuse", 1)])
async def test_under_asgi(
    engine: str, user: Any, settings: Any, clock: Any, at_limit: str, alive: int
) -> None:
    """The same."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": at_limit}

    async def view(request: HttpRequest) -> HttpResponse:
        await alogin(request, user, BACKEND)
        return HttpResponse("in")

    settings.ROOT_URLCONF = routes(view)
    answers = []
    for _ in range(2):
        clock.shift(1)
        answers.append((await AsyncClient().get(OUT)).status_code)

    assert answers == [200, 200 if at_limit == "end_oldest" else 302]
    living = [row.pk async for row in LoginSession.objects.filter(ended_at=None)]
    assert len(living) == 1
    assert await LoginSession.objects.acount() == alive


def test_a_login_that_cannot_make_room_is_none(
    user: Any, settings: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest could not be ended: 503, and the new one is not there either."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    settings.LOGOUT = {"MAX_SESSIONS": 1, "CACHE_ALIAS": "marks"}
    settings.CACHES = {**settings.CACHES, "marks": {**REDIS, "LOCATION": "redis://127.0.0.1:1"}}
    settings.CACHES["marks"]["OPTIONS"] = {"socket_connect_timeout": 1}
    (first,) = logged_in_by_turns(user, clock, 1)
    clock.shift(1)
    second = Client()

    assert log_in(second).status_code == 503
    assert (logged_in_as(first), logged_in_as(second)) == ("ann", "")
    assert LoginSession.objects.count() == 1


REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}


@pytest.mark.parametrize(("at_limit", "queries"), [("end_oldest", 1), ("refuse", 2), ("ask", 2)])
def test_what_it_costs(user: Any, settings: Any, clock: Any, at_limit: str, queries: int) -> None:
    """One query more at login, two to take turns; the same for the second and the tenth."""
    client = Client()
    client.get("/login/")
    with cost() as usual:
        log_in(Client())
    settings.LOGOUT = {"MAX_SESSIONS": 20, "ON_MAX_SESSIONS": at_limit}
    costs = []
    for _ in range(9):
        clock.shift(1)
        with cost() as found:
            log_in(Client())
        costs.append(found.queries - usual.queries)

    assert costs == [queries] * 9


def test_logins_of_one_moment(user: Any, settings: Any, clock: Any) -> None:
    """By a clock that has not moved, the session that asks is the newest."""
    settings.LOGOUT = {"MAX_SESSIONS": 1}
    browsers = [logged_in(user) for _ in range(4)]
    assert [logged_in_as(each) for each in browsers] == ["", "", "", "ann"]


def test_a_session_from_before_our_time_is_older_than_any_other(
    user: Any, settings: Any, clock: Any
) -> None:
    """Though it was seen later than that."""
    settings.LOGOUT = {"MAX_SESSIONS": 2}
    old = before_us(user)
    (phone,) = logged_in_by_turns(user, clock, 1)
    clock.shift(1)
    assert logged_in_as(old) == "ann"
    (tablet,) = logged_in_by_turns(user, clock, 1)
    assert [logged_in_as(each) for each in (old, phone, tablet)] == ["", "ann", "ann"]


@pytest.mark.parametrize("limit", [1, 2])
def test_a_login_does_not_end_itself_by_a_clock_that_is_behind(
    user: Any, settings: Any, clock: Any, limit: int
) -> None:
    """Another machine's is two seconds ahead: what is there already began before."""
    settings.LOGOUT = {"MAX_SESSIONS": limit}
    others = logged_in_by_turns(user, clock, limit)
    clock.shift(-3)
    (mine,) = logged_in_by_turns(user, clock, 1)
    assert logged_in_as(mine) == "ann"
    assert [logged_in_as(each) for each in others].count("ann") == limit - 1


@pytest.mark.parametrize("at_limit", ["end_oldest", "refuse"])
def test_a_login_that_is_registered_again_keeps_the_limit(
    user: Any, settings: Any, clock: Any, at_limit: str
) -> None:
    """Its row was rolled back, its session was not, and the place has been taken since."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.file"
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": at_limit}
    taken = []

    def view(request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                login(request, user, BACKEND)
                raise OSError
        except OSError:
            clock.shift(1)
            taken.append(logged_in(user))
            clock.shift(1)
        return HttpResponse("in")

    settings.ROOT_URLCONF = routes(view)
    client = Client()
    client.get(OUT)

    kept = [logged_in_as(client), logged_in_as(taken[0])]
    assert kept == (["ann", ""] if at_limit == "end_oldest" else ["", "ann"])
