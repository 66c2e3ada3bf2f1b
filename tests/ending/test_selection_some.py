"""Some sessions, by their ids or by a queryset."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.ending import selection
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import active_client, home_page
from tests.factories import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


def aged(rows: list[LoginSession]) -> list[LoginSession]:
    """Each began an hour before the one before it."""
    now = timezone.now()
    for hours, row in enumerate(rows):
        row.created_at = now - timedelta(hours=hours)
        row.save()
    return rows


def ended() -> set[UUID]:
    return set(LoginSession.objects.exclude(ended_at=None).values_list("pk", flat=True))


def test_some_sessions_by_their_ids(user: Any, other: Any, engine: str) -> None:
    """Their users do not matter; the other sessions of these users stay active."""
    browsers = [active_client(each) for each in (user, user, other, other)]
    first, _, third, _ = LoginSession.objects.order_by("created_at")

    result = end_sessions(Target.sessions([first.pk, str(third.pk), first.pk]))

    assert result.ended == {"session": 2}
    assert [home_page(each) for each in browsers] == [b"user=", b"user=ann", b"user=", b"user=bob"]
    event = LogoutEvent.objects.get()
    assert (event.scope, event.user, event.user_label) == ("sessions", None, "")


def test_event_names_the_user_if_all_sessions_are_of_one(
    user: Any, other: Any, small_parts: None
) -> None:
    """The event names the user only if no later batch holds a session of another user."""
    mine = [row.pk for row in make_rows(user, 3)]
    end_sessions(Target.sessions(mine))
    event = LogoutEvent.objects.get()
    assert (event.user, event.user_label, event.sessions) == (user, "ann", 3)

    mixed = [row.pk for row in [*make_rows(user, 2), *make_rows(other, 1)]]
    end_sessions(Target.sessions(mixed))
    event = LogoutEvent.objects.exclude(pk=event.pk).get()
    assert (event.user, event.user_label, event.sessions) == (None, "", 3)


def test_what_a_queryset_asks_for_is_asked_again(
    user: Any, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that is used while others are being ended for idleness is not idle."""
    monkeypatch.setattr(selection, "BATCH", 1)
    browsers = [active_client(user) for _ in range(2)]
    long_ago = timezone.now().replace(year=2020)
    LoginSession.objects.update(last_seen_at=long_ago)

    def use(done: int, total: int) -> None:
        if done == 1:
            LoginSession.objects.filter(ended_at=None).update(last_seen_at=timezone.now())

    idle = LoginSession.objects.filter(last_seen_at=long_ago, ended_at=None)
    result = end_sessions(Target.sessions(idle), progress=use)

    assert result.ended == {"session": 1}
    assert sorted(home_page(each) for each in browsers) == [b"user=", b"user=ann"]


def test_sliced_sessions_end_as_listed(user: Any) -> None:
    """The oldest two of three, say."""
    make_rows(user, 3)
    end_sessions(Target.sessions(LoginSession.objects.order_by("created_at", "pk")[:2]))
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_sessions_that_a_window_ranks(user: Any) -> None:
    """All but the newest three: which ones those are depends on the others."""
    rows = aged(make_rows(user, 5))
    rank = Window(RowNumber(), partition_by=F("user"), order_by=F("created_at").desc())

    result = end_sessions(Target.sessions(LoginSession.objects.alias(rank=rank).filter(rank__gt=3)))

    assert result.ended == {"session": 2}
    assert ended() == {rows[3].pk, rows[4].pk}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="has no DISTINCT ON")
def test_one_of_each_as_the_order_has_it(user: Any, other: Any) -> None:
    """Each user's oldest."""
    rows = [aged(make_rows(each, 3)) for each in (user, other)]
    oldest = LoginSession.objects.order_by("user", "created_at").distinct("user")

    assert end_sessions(Target.sessions(oldest)).ended == {"session": 2}

    assert ended() == {theirs[-1].pk for theirs in rows}


def test_sessions_of_two_querysets_in_one(user: Any, other: Any) -> None:
    """A union takes no more conditions."""
    mine, theirs = (make_rows(each, 1) for each in (user, other))
    rows = [LoginSession.objects.filter(user=each).order_by() for each in (user, other)]

    assert end_sessions(Target.sessions(rows[0].union(rows[1]))).ended == {"session": 2}

    assert ended() == {mine[0].pk, theirs[0].pk}
