"""``manage.py logout prune`` deletes what is older than the retention."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from django_logout import Reason
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.operations import cleanup
from django_logout.sessions import engines
from tests.factories import make_rows
from tests.management.command import run
from tests.management.old_rows import DAY, NOTHING, event, over, prune

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_older_than_the_retention_are_deleted(user: Any) -> None:
    """These are sessions and events; the default is ninety days."""
    kept = [over(user, 89).pk, event(89).pk]
    over(user, 91)
    event(91, user=user, complete=False)
    assert prune() == {**NOTHING, "sessions": 1, "events": 1}
    assert [LoginSession.objects.get().pk, LogoutEvent.objects.get().pk] == kept
    assert prune() == NOTHING


def test_text_says_how_many(user: Any) -> None:
    """It says so before, in a dry run, and after."""
    over(user, 91)
    event(91)
    make_rows(user, 2, expires_at=timezone.now() - 3 * DAY)
    assert run("prune", "--dry-run").out == (
        "Would end 2 expired sessions.\nWould delete the rows of sessions: 1, events: 1, cutoffs: 0.\n"
    )
    assert run("prune").out == (
        "Ended 2 expired sessions.\nDeleted the rows of sessions: 1, events: 1, cutoffs: 0.\n"
    )


@pytest.mark.parametrize("retention", [30 * DAY, 30 * 86400], ids=str)
def test_retention_can_be_set(user: Any, settings: Any, retention: Any) -> None:
    """It is a timedelta, or a number of seconds."""
    settings.LOGOUT = {"RETENTION": retention}
    over(user, 31)
    over(user, 29)
    assert prune()["sessions"] == 1


def test_retention_none_keeps_everything(user: Any, settings: Any) -> None:
    """Expired sessions are still ended."""
    settings.LOGOUT = {"RETENTION": None}
    over(user, 1000)
    event(1000)
    make_rows(user, 1, expires_at=timezone.now() - 3 * DAY)
    assert prune() == {**NOTHING, "expired": 1}
    assert prune() == NOTHING


def test_retention_is_at_least_the_age_of_a_cookie(user: Any, settings: Any) -> None:
    """Until then a copied cookie can come back, and has to be recognized."""
    settings.LOGOUT = {"RETENTION": 0}
    settings.SESSION_COOKIE_AGE = 10 * 86400
    event(10)
    over(user, 10)
    assert prune() == NOTHING
    over(user, 12)
    event(12)
    assert prune() == {**NOTHING, "sessions": 1, "events": 1}


def test_row_is_kept_until_its_session_would_expire(user: Any) -> None:
    """A session can be made to last a year."""
    over(user, 100, expires_at=timezone.now() + 200 * DAY)
    assert prune() == NOTHING


def test_expired_sessions_end_with_a_reason(user: Any, other: Any, engine: str) -> None:
    """One event records all of them."""
    local = engines.current_engine().model is not None
    rows = [
        *make_rows(user, 2, expires_at=timezone.now() - 3 * DAY),
        *make_rows(other, 1, expires_at=timezone.now() - 3 * DAY),
    ]
    alive = make_rows(other, 1)
    just_expired = make_rows(other, 1, expires_at=timezone.now() - timedelta(hours=1))

    assert prune() == {**NOTHING, "expired": 3}

    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.sessions) == (Reason.EXPIRED, "sessions", 3)
    ended = LoginSession.objects.filter(event=event)
    assert {row.pk for row in ended} == {row.pk for row in rows}
    assert Session.objects.count() == (2 if local else 0)
    left = LoginSession.objects.filter(ended_at=None)
    assert {row.pk for row in left} == {row.pk for row in [*alive, *just_expired]}
    assert prune() == NOTHING


def test_session_that_the_table_still_serves_has_not_expired(user: Any, settings: Any) -> None:
    """Its row in the registry is updated late."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    client = Client()
    client.force_login(user)
    LoginSession.objects.update(expires_at=timezone.now() - 3 * DAY)
    assert prune() == NOTHING
    assert client.get("/").content == b"user=ann"


def test_prune_waits_for_activity_that_is_not_yet_written(user: Any, settings: Any) -> None:
    """The row can be late by one interval, and by another one of another process."""
    settings.LOGOUT = {"LAST_SEEN_INTERVAL": 5 * DAY}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    make_rows(user, 1, expires_at=timezone.now() - 10 * DAY)
    assert prune() == NOTHING
    make_rows(user, 1, expires_at=timezone.now() - 12 * DAY)
    assert prune()["expired"] == 1


def test_rows_cut_off_with_everyones_are_deleted(user: Any) -> None:
    """They are never marked as ended, and they do not expire a second time either."""
    long_ago = timezone.now() - 200 * DAY
    make_rows(user, 3, created_at=long_ago, expires_at=long_ago + 14 * DAY)
    Cutoff.objects.create(before=timezone.now() - 89 * DAY)
    assert prune() == NOTHING
    Cutoff.objects.update(before=timezone.now() - 91 * DAY)
    assert prune() == {**NOTHING, "sessions": 3}
    assert Cutoff.objects.count() == 1


def test_dry_run_counts_what_a_run_deletes(user: Any) -> None:
    """It changes nothing."""
    over(user, 91)
    event(91, user=user, scope="user")
    make_rows(user, 2, expires_at=timezone.now() - 3 * DAY)
    would = prune("--dry-run")
    assert LogoutEvent.objects.count() == 1
    assert LoginSession.objects.filter(ended_at=None).count() == 2
    assert not Cutoff.objects.exists()
    assert would == {"dry_run": True, "expired": 2, "sessions": 1, "events": 1, "cutoffs": 0}
    assert prune() == {**would, "dry_run": False}


def test_progress_of_batches(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is left out between two batches."""
    monkeypatch.setattr(cleanup, "BATCH", 2)
    for _ in range(5):
        over(user, 91)
        event(91)
    said = run("prune", "-v", "2")
    assert said.err.splitlines() == [
        f"{done} of 5 {what}" for what in ("sessions", "events") for done in (2, 4, 5)
    ]
    assert not LoginSession.objects.exists()
    assert not LogoutEvent.objects.exists()


def test_number_of_queries_does_not_depend_on_the_rows(user: Any) -> None:
    """One row costs as much as a batch."""
    from tests.query_counts import cost

    def statements(number: int) -> int:
        for _ in range(number):
            over(user, 91)
            event(91, user=user, scope="user")
        with cost() as found:
            prune()
        return found.queries

    statements(1)  # writes the cutoff
    assert statements(1) == statements(50)


def test_outage_is_reported(user: Any, settings: Any) -> None:
    """The exit code is 1, and the output claims nothing."""
    from tests.backends import cache_from_url

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    settings.CACHES = {"default": cache_from_url("redis://127.0.0.1:1")}
    said = run("prune")
    assert (said.code, said.out) == (1, "")
    assert said.error == "The cache that holds the status of sessions does not answer."
