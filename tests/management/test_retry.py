"""``manage.py logout retry`` runs failed revokers again."""

from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.ending import selection
from django_logout.enums import Scope
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations import retries
from django_logout.revokers.base import Revoker
from django_logout.types import Ending
from tests.factories import make_rows
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


class Shaky(Revoker):
    """A revoker whose service is down, for all users or for one."""

    name = "shaky"
    down: ClassVar[Any] = True
    seen: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        if self.down is True or (self.down and self.down in names(ending)):
            raise ConnectionError("token 123")
        self.seen.append(ending)
        return 2


class Steady(Revoker):
    """A revoker that records its calls."""

    name = "steady"
    asked: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        self.asked.append(ending)
        return 1


def names(ending: Ending) -> set[str]:
    """Return the names of the users of an ending."""
    return {user.get_username() for user in ending.target.value}


@pytest.fixture(autouse=True)
def revokers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure a revoker that fails, and one that does not."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Shaky", f"{__name__}.Steady"]}
    monkeypatch.setattr(Shaky, "down", True)
    monkeypatch.setattr(Shaky, "seen", [])
    monkeypatch.setattr(Steady, "asked", [])


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that brings the service up again."""
    return lambda: monkeypatch.setattr(Shaky, "down", False)


def test_failed_revoker_runs_again(user: Any, clock: Any, up: Any) -> None:
    """It runs after a minute, its outcome is stored, and the other revoker is left alone."""
    make_rows(user, 2)
    result = end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert result.failed == ("shaky",)
    assert run("retry").out == "There is nothing to retry now.\n"
    up()
    clock.shift(60)

    said = run("retry")

    event = LogoutEvent.objects.get()
    assert (said.code, said.out) == (0, f"{event.pk}: complete\n")
    assert event.complete
    shaky = event.outcomes.pop("shaky")
    assert (shaky["ended"], shaky["error"], shaky["tries"]) == (2, "", 1)
    assert event.outcomes == {
        "session": {"ended": 2, "error": ""},
        "cookie": {"ended": 0, "error": ""},
        "steady": {"ended": 1, "error": ""},
    }
    assert len(Steady.asked) == 1
    assert run("retry", "--now").out == "There is nothing to retry now.\n"
    assert len(Shaky.seen) == 1


def test_ending_is_the_same_as_at_first(user: Any, other: Any, up: Any) -> None:
    """The sessions, users, reason, actor and time are the same. There is no request any more."""
    make_rows(user, 2)
    end_sessions(Target.user(user), reason=Reason.ADMIN, actor=other)
    up()
    run("retry", "--now")
    (first,), (again,) = Steady.asked, Shaky.seen
    assert again.id == first.id
    assert again.target == first.target
    assert (again.reason, again.actor, again.request) == ("admin", other, None)
    assert again.at == LogoutEvent.objects.get().created_at
    assert set(again.sessions) == set(first.sessions)


def test_wait_doubles_and_there_are_ten_attempts(user: Any, clock: Any, up: Any) -> None:
    """After that only ``--now`` retries."""
    end_sessions(Target.user(user))
    for tries in range(10):
        clock.shift(60 * 2**tries - 1)
        assert run("retry").out == "There is nothing to retry now.\n"
        clock.shift(1)
        said = run("retry")
        assert said.code == 3
        assert said.error == "Still not complete: 1 of 1 event."
        assert "failed again: shaky" in said.out
    entry = LogoutEvent.objects.get().outcomes["shaky"]
    assert (entry["error"], entry["tries"]) == ("ConnectionError", 10)
    clock.shift(365 * 86400)
    assert run("retry").out == "There is nothing to retry now.\n"
    up()
    assert run("retry", "--now").code == 0
    assert LogoutEvent.objects.get().complete


def test_many_users_are_retried_where_it_failed(
    user: Any, other: Any, monkeypatch: pytest.MonkeyPatch, up: Any
) -> None:
    """It works in batches, and keeps the users of a batch that fails again."""
    monkeypatch.setattr(selection, "BATCH", 1)
    monkeypatch.setattr(retries, "BATCH", 1)
    third = get_user_model().objects.create_user("cid")
    monkeypatch.setattr(Shaky, "down", "ann")
    make_rows(third, 1)
    make_rows(user, 1)
    end_sessions(Target.users(get_user_model().objects.all()))
    event = LogoutEvent.objects.get()
    assert (event.outcomes["shaky"]["ended"], event.complete) == (4, False)
    assert event.outcomes["shaky"]["users"] == [str(user.pk)]
    Shaky.seen.clear()

    assert run("retry", "--now").code == 3
    assert LogoutEvent.objects.get().outcomes["shaky"]["users"] == [str(user.pk)]
    up()
    assert run("retry", "--now").code == 0

    (ending,) = Shaky.seen
    assert names(ending) == {"ann"}
    assert [session.user_id for session in ending.sessions] == [user.pk]
    entry = LogoutEvent.objects.get().outcomes["shaky"]
    assert (entry["ended"], entry["error"], "users" in entry) == (6, "", False)


def test_sessions_are_retried_in_batches(
    user: Any, other: Any, monkeypatch: pytest.MonkeyPatch, up: Any
) -> None:
    """All sessions of the event are included."""
    monkeypatch.setattr(retries, "BATCH", 2)
    rows = [row.pk for row in [*make_rows(user, 2), *make_rows(other, 1)]]
    end_sessions(Target.sessions(rows))
    up()
    assert run("retry", "--now").code == 0
    assert [len(ending.sessions) for ending in Shaky.seen] == [2, 1]
    assert {session.id for ending in Shaky.seen for session in ending.sessions} == set(rows)
    assert {pk for ending in Shaky.seen for pk in ending.target.value} == set(rows)
    assert LogoutEvent.objects.get().outcomes["shaky"]["ended"] == 4


def test_one_session(user: Any, up: Any) -> None:
    """It is named by its id."""
    (row,) = make_rows(user, 1)
    end_sessions(Target.session(row.pk))
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert (ending.target, [s.id for s in ending.sessions]) == (Target.session(row.pk), [row.pk])


def test_everyone(user: Any, up: Any) -> None:
    """The target is the same."""
    end_sessions(Target.everyone())
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert ending.target == Target.everyone()


def test_current_session_without_its_request(user: Any, up: Any) -> None:
    """The sessions of the event take the place of the request."""
    client = Client()
    client.force_login(user)
    client.post("/accounts/logout/")
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert ending.target == Target(Scope.CURRENT, None)
    assert [s.id for s in ending.sessions] == [LoginSession.objects.get().pk]
    assert ending.request is None


def test_deleted_account_needs_no_revoker(user: Any, up: Any) -> None:
    """Its credentials were deleted with it."""
    end_sessions(Target.user(user))
    user.delete()
    up()
    assert run("retry", "--now").code == 0
    assert not LogoutEvent.objects.filter(complete=False).exists()
    assert not Shaky.seen


def test_removed_revoker_stays_failed(user: Any, settings: Any) -> None:
    """A revoker that cannot be imported does too (design law 3)."""
    end_sessions(Target.user(user))
    settings.LOGOUT = {"REVOKERS": ["no.such.Revoker"]}
    said = run("retry", "--now", "--json")
    event = LogoutEvent.objects.get()
    assert said.code == 3
    assert said.json == {
        "dry_run": False,
        "events": [{"event": str(event.pk), "failed": ["shaky"]}],
    }
    assert event.outcomes["shaky"]["tries"] == 1
    end_sessions(Target.user(user))
    assert LogoutEvent.objects.first().outcomes["no.such.Revoker"]["error"]  # type: ignore[union-attr]
    assert run("retry", "--now").error == "Still not complete: 2 of 2 events."


def test_event_is_selected_by_its_id(user: Any, other: Any, clock: Any, up: Any) -> None:
    """An unknown id is an error: the operator means another one."""
    first = end_sessions(Target.user(user)).event
    end_sessions(Target.user(other))
    up()
    assert first is not None
    assert run("retry", "--event", first.pk).out == "There is nothing to retry now.\n"
    assert run("retry", "--event", first.pk, "--now").out == f"{first.pk}: complete\n"
    assert LogoutEvent.objects.filter(complete=False).count() == 1
    unknown = "00000000-0000-4000-8000-000000000000"
    said = run("retry", "--event", unknown, "--event", first.pk, "--now")
    assert (said.code, said.error) == (2, f"No event has the id {unknown}.")
    assert "argument --event: '5' is not an id" in run("retry", "--event", "5").error


def test_dry_run_only_lists(user: Any) -> None:
    """It names the events and the revokers."""
    event = end_sessions(Target.user(user)).event
    assert event is not None
    said = run("retry", "--now", "--dry-run")
    assert (said.code, said.out) == (0, f"{event.pk}: would try shaky\n")
    assert "tries" not in LogoutEvent.objects.get().outcomes["shaky"]


def test_second_process_does_nothing(user: Any, up: Any) -> None:
    """Two jobs can list the same event."""
    event = end_sessions(Target.user(user)).event
    assert event is not None
    up()
    assert retries.retry_revokers(event, now=True).complete
    assert retries.retry_revokers(event, now=True).complete
    assert len(Shaky.seen) == 1


def test_revoker_that_is_not_due_is_skipped(user: Any, clock: Any, settings: Any) -> None:
    """Of two failed revokers, one may have to wait longer."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Shaky", "tests.revokers.failing_revokers.Broken"]}
    end_sessions(Target.user(user))
    clock.shift(61)
    event = LogoutEvent.objects.get()
    event.outcomes["shaky"].update(tries=1, tried_at=timezone.now().isoformat())
    event.save()
    run("retry")
    outcomes = LogoutEvent.objects.get().outcomes
    assert (outcomes["shaky"]["tries"], outcomes["broken"]["tries"]) == (1, 1)


def test_sql_error_is_contained_by_a_savepoint(user: Any, settings: Any) -> None:
    """The event is updated all the same."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.BrokenInSql"]}
    end_sessions(Target.user(user))
    assert run("retry", "--now").code == 3
    assert LogoutEvent.objects.get().outcomes["broken_in_sql"]["tries"] == 1
    assert not connection.in_atomic_block


def test_log_names_the_event_and_the_outcome(
    user: Any, up: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It says whether the event is complete now."""
    end_sessions(Target.user(user))
    up()
    with caplog.at_level("INFO", logger="django_logout"):
        run("retry", "--now")
    record = caplog.records[-1]
    assert record.getMessage() == "Retried the revokers of an ending: complete."
    assert (record.complete, record.event) == (True, str(LogoutEvent.objects.get().pk))  # type: ignore[attr-defined]
