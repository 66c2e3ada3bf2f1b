"""Which sessions the list has, in which order, and at what cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_logout.models import LoginSession
from tests.clients import (
    FIREFOX,
    JSON,
    LOGOUT,
    SESSIONS,
    before_us,
    browser,
    id_of,
    listed,
)
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db


def test_it_says_when_a_session_ends_whatever_is_done(user: Any, settings: Any) -> None:
    """By ABSOLUTE_TIMEOUT, if that is earlier; as the status of the session has it."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": lambda who, request: 3600}
    here = browser(user)

    (entry,) = here.get(SESSIONS, headers=JSON).json()["sessions"]

    ends = LoginSession.objects.get().authenticated_at + timedelta(hours=1)
    assert entry["expires_at"] == ends.isoformat()[:23] + "Z"
    assert here.get(SESSIONS).context["sessions"][0]["expires_at"] == ends


def test_this_session_comes_first_then_by_use(user: Any) -> None:
    """However long ago it was used itself."""
    clients = [browser(user) for _ in range(4)]
    ids = [id_of(client) for client in clients]
    now = timezone.now()
    for session_id, age in zip(ids, (3, 1, 9, 2), strict=True):
        LoginSession.objects.filter(pk=session_id).update(last_seen_at=now - timedelta(hours=age))

    order = [entry["id"] for entry in listed(clients[2])]

    assert order == [ids[2], ids[1], ids[3], ids[0]]


def test_what_has_ended_or_expired_or_is_anothers_is_not_listed(
    user: Any, other: Any, settings: Any
) -> None:
    """Only what can still be ended."""
    settings.LOGOUT = {"IDLE_TIMEOUT": 3600, "ABSOLUTE_TIMEOUT": 36000}
    here, gone, *expired = (browser(user) for _ in range(5))
    browser(other)
    gone.post(LOGOUT)
    ages = {"expires_at": 3600, "last_seen_at": 7200, "authenticated_at": 72000}
    for client, (name, age) in zip(expired, ages.items(), strict=True):
        then = timezone.now() - timedelta(seconds=age)
        LoginSession.objects.filter(pk=id_of(client)).update(**{name: then})

    assert [entry["id"] for entry in listed(here)] == [id_of(here)]


def test_a_session_from_before_our_time_is_listed_at_once(user: Any) -> None:
    """It is adopted when it is first seen, and this page is where that may be."""
    client = before_us(user)

    assert [entry["current"] for entry in listed(client)] == [True]


@pytest.mark.parametrize("how", ["page", "json"])
@pytest.mark.parametrize("number", [1, 5, 1000])
def test_a_constant_number_of_queries(
    user: Any, settings: Any, number: int, how: str, django_assert_num_queries: Any
) -> None:
    """Two beside Django's own two, for 1, 5 and 1,000 sessions."""
    settings.SESSION_ENGINE = ENGINES["db"]
    here = browser(user)
    now = timezone.now()
    LoginSession.objects.bulk_create(
        LoginSession(user=user, expires_at=now + timedelta(1), device=FIREFOX[:100])
        for _ in range(number - 1)
    )
    headers = JSON if how == "json" else {}
    here.get(SESSIONS, headers=headers)  # whatever is done once in a process

    with django_assert_num_queries(4):
        response = here.get(SESSIONS, headers=headers)

    if how == "json":
        assert len(response.json()["sessions"]) == min(number, 20)
        assert ("Link" in response) is (number > 20)
