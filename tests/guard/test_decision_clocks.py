"""Servers whose clocks differ: which sessions an ending is about depends on none of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model, login
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from tests.clients import before_us, copy_of, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600
#: Seconds by which the clock of the server that ends, registers, or serves is ahead.
SKEWED = pytest.mark.parametrize(
    ("ends", "registers", "serves"),
    [
        (shift * (place == 0), shift * (place == 1), shift * (place == 2))
        for place in range(3)
        for shift in (-HOUR, -5, 5, HOUR)
    ],
)

At = Callable[[float], AbstractContextManager[Any]]


@pytest.fixture
def at() -> At:
    """What a server does whose clock is so many seconds ahead; time goes on, whatever they say."""
    began, steps = timezone.now(), iter(range(1000))

    def travel(ahead: float) -> AbstractContextManager[Any]:
        now = began + timedelta(seconds=ahead, milliseconds=next(steps))
        return time_machine.travel(now, tick=False)

    return travel


def everyone(user: Any) -> Target:
    return Target.everyone()


def one(user: Any) -> Target:
    return Target.user(user)


def many(user: Any) -> Target:
    return Target.users(get_user_model().objects.filter(pk=user.pk))


TARGETS = pytest.mark.parametrize("target", [everyone, one, many])


@pytest.mark.exhaustive
@SKEWED
@TARGETS
def test_nothing_old_is_served_and_nothing_new_refused(
    engine: str, user: Any, at: At, target: Any, ends: int, registers: int, serves: int
) -> None:
    """A session of before the ending, one of after it, and one between two endings."""

    def served(*clients: Client) -> list[str]:
        with at(serves):
            return [logged_in_as(copy_of(client)) for client in clients]

    with at(registers):
        old = logged_in(user)
    assert served(old) == ["ann"]
    with at(ends):
        assert end_sessions(target(user)).complete
    with at(registers):
        new = logged_in(user)
    assert served(old, new) == ["", "ann"]
    with at(ends):
        assert end_sessions(target(user)).ended == {"session": 1}
    with at(registers):
        newest = logged_in(user)
    assert served(old, new, newest) == ["", "", "ann"]
    assert LoginSession.objects.count() == 3


@SKEWED
@TARGETS
def test_a_login_in_a_transaction(
    user: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    at: At,
    target: Any,
    ends: int,
    registers: int,
    serves: int,
) -> None:
    """It looks for endings once more after its commit, and finds those only that came meanwhile."""

    def signs_in(request: HttpRequest) -> HttpResponse:
        login(request, user)
        return HttpResponse()

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    settings.ROOT_URLCONF = routes(signs_in)
    with at(ends):
        end_sessions(target(user))
    client = Client()
    with at(registers):
        client.get(OUT)
    with at(serves):
        assert logged_in_as(client) == "ann"


def test_a_login_that_ends_the_others_in_its_own_transaction(
    engine: str, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the one that is kept."""

    def signs_in(request: HttpRequest) -> HttpResponse:
        login(request, user)
        end_sessions(Target.others(request))
        return HttpResponse()

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    settings.ROOT_URLCONF = routes(signs_in)
    other, client = logged_in(user), Client()
    client.get(OUT)
    assert (logged_in_as(other), logged_in_as(client)) == ("", "ann")


@SKEWED
def test_sessions_from_before_the_installation(
    engine: str, user: Any, at: At, ends: int, registers: int, serves: int
) -> None:
    """They are older than any ending, whenever they are adopted."""
    adopted, unseen = before_us(user), before_us(user)
    with at(registers):
        assert logged_in_as(adopted) == "ann"
    with at(ends):
        end_sessions(Target.everyone())
    with at(serves):
        assert (logged_in_as(adopted), logged_in_as(unseen)) == ("", "")


def test_the_row_of_a_login_can_be_saved_again(user: Any) -> None:
    """Saving it does not make the session younger."""
    client = logged_in(user)
    (row,) = LoginSession.objects.all()
    end_sessions(Target.everyone())
    row.save()
    assert logged_in_as(client) == ""
