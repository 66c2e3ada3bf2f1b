"""Expiry where several processes serve one session: exact, and free."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_logout.models import LoginSession
from django_logout.sessions import activity
from tests.clients import logged_in, logged_in_as
from tests.query_counts import cost
from tests.timeouts import another_process

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/private/?page=2&q=a%26b"
IDLE = {"IDLE_TIMEOUT": timedelta(minutes=10)}
AGE = {"ABSOLUTE_TIMEOUT": 3600}


def test_within_the_limits_it_costs_nothing(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Not a query more than without limits, on any engine."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": 3600}
    client = logged_in(user)
    client.get(PAGE)
    with cost() as usual:
        client.get(PAGE)
    settings.LOGOUT = {**IDLE, **AGE, "LAST_SEEN_INTERVAL": 3600}
    clock.shift(100)

    with cost() as limited:
        assert client.get(PAGE).status_code == 200

    assert limited.queries == usual.queries


def test_a_process_that_meets_a_session_asks_once(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Then it remembers."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    with cost() as usual:
        client.get(PAGE)
    with another_process():
        with cost() as first:
            client.get(PAGE)
        with cost() as second:
            client.get(PAGE)

    assert (first.queries, second.queries) == (usual.queries + 1, usual.queries)


def test_absolute_timeout_alone_takes_no_query(user: Any, settings: Any, clock: Any) -> None:
    """When it began stands in the session's own data."""
    settings.LOGOUT = AGE
    client = logged_in(user)
    client.get(PAGE)
    with another_process():
        clock.shift(59)  # or its activity would be written, as that process has not done
        activity.remember_row(LoginSession.objects.get()).begun = None
        with cost() as found:
            assert client.get(PAGE).status_code == 200
    assert found.queries == cost_of_a_page(client)


def cost_of_a_page(client: Client) -> int:
    """In queries, when nothing else is to be done."""
    client.get(PAGE)
    with cost() as found:
        client.get(PAGE)
    return found.queries


def test_activity_in_another_process_counts(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """What a process remembers is not the whole truth: it asks before it refuses."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    with another_process():
        clock.shift(400)
        assert logged_in_as(client) == "ann"
    clock.shift(400)

    assert logged_in_as(client) == "ann"


def test_in_one_process_it_is_exact(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """Although not each request is written."""
    settings.LOGOUT = IDLE
    client = logged_in(user)
    clock.shift(59)
    assert logged_in_as(client) == "ann"
    clock.shift(599)
    assert logged_in_as(client) == "ann"


def test_another_process_is_early_by_an_interval_at_most(
    user: Any, settings: Any, clock: Any
) -> None:
    """However the processes take turns, and however long the interval that was asked for."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 400, "LAST_SEEN_INTERVAL": 3600}
    client = logged_in(user)
    clock.shift(99)
    with another_process():
        assert logged_in_as(client) == "ann"  # not written: it is no interval yet
        clock.shift(99)
        assert logged_in_as(client) == "ann"  # written
    clock.shift(301)
    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.get().last_seen_at == timezone.now()
