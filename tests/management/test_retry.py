"""``manage.py logout retry``: what could not be revoked is revoked later."""

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
from tests.crowds import make_rows
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


class Shaky(Revoker):
    """Its service is down until it is up; it knows users by their names."""

    name = "shaky"
    down: ClassVar[Any] = True
    seen: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        if self.down is True or (self.down and self.down in names(ending)):
            raise ConnectionError("token 123")
        self.seen.append(ending)
        return 2


class Steady(Revoker):
    """Counts how often it is asked."""

    name = "steady"
    asked: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        self.asked.append(ending)
        return 1


def names(ending: Ending) -> set[str]:
    """Of whom an ending of users is."""
    return {user.get_username() for user in ending.target.value}


@pytest.fixture(autouse=True)
def revokers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails, and one that does not."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Shaky", f"{__name__}.Steady"]}
    monkeypatch.setattr(Shaky, "down", True)
    monkeypatch.setattr(Shaky, "seen", [])
    monkeypatch.setattr(Steady, "asked", [])


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Brings the service up again."""
    return lambda: monkeypatch.setattr(Shaky, "down", False)


def test_a_revoker_that_failed_works_when_its_service_is_up(user: Any, clock: Any, up: Any) -> None:
    """A minute later; the event says so, and the one that worked is left alone."""
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


def test_it_is_told_what_it_was_told_at_first(user: Any, other: Any, up: Any) -> None:
    """Which sessions, whose, why, by whom, and when; no request any more."""
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


def test_each_wait_is_twice_the_one_before_and_there_are_ten(
    user: Any, clock: Any, up: Any
) -> None:
    """Then nobody tries any more, until somebody says so."""
    end_sessions(Target.user(user))
    for tries in range(10):
        clock.shift(60 * 2**tries - 1)
        assert run("retry").out == "There is nothing to retry now.\n"
        clock.shift(1)
        said = run("retry")
        assert said.code == 3
        assert said.error == "1 of 1 still not complete."
        assert "failed again: shaky" in said.out
    entry = LogoutEvent.objects.get().outcomes["shaky"]
    assert (entry["error"], entry["tries"]) == ("ConnectionError", 10)
    clock.shift(365 * 86400)
    assert run("retry").out == "There is nothing to retry now.\n"
    up()
    assert run("retry", "--now").code == 0
    assert LogoutEvent.objects.get().complete


def test_of_many_users_those_for_whom_it_failed(
    user: Any, other: Any, monkeypatch: pytest.MonkeyPatch, up: Any
) -> None:
    """Part by part; a part that fails again is all that is left."""
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


def test_some_sessions_in_parts(
    user: Any, other: Any, monkeypatch: pytest.MonkeyPatch, up: Any
) -> None:
    """All those of the event."""
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
    """By its id."""
    (row,) = make_rows(user, 1)
    end_sessions(Target.session(row.pk))
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert (ending.target, [s.id for s in ending.sessions]) == (Target.session(row.pk), [row.pk])


def test_everyone(user: Any, up: Any) -> None:
    """Once more."""
    end_sessions(Target.everyone())
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert ending.target == Target.everyone()


def test_the_browser_that_has_gone(user: Any, up: Any) -> None:
    """What was a request's is now its sessions'."""
    client = Client()
    client.force_login(user)
    client.post("/accounts/logout/")
    up()
    run("retry", "--now")
    (ending,) = Shaky.seen
    assert ending.target == Target(Scope.CURRENT, None)
    assert [s.id for s in ending.sessions] == [LoginSession.objects.get().pk]
    assert ending.request is None


def test_an_account_that_is_gone_needs_no_revoker(user: Any, up: Any) -> None:
    """Nobody is left to be let in."""
    end_sessions(Target.user(user))
    user.delete()
    up()
    assert run("retry", "--now").code == 0
    assert not LogoutEvent.objects.filter(complete=False).exists()
    assert not Shaky.seen


def test_a_revoker_that_was_taken_out_is_not_claimed_to_have_worked(
    user: Any, settings: Any
) -> None:
    """Nor one that cannot be imported (design law 3)."""
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
    assert run("retry", "--now").error == "2 of 2 still not complete."


def test_by_its_id(user: Any, other: Any, clock: Any, up: Any) -> None:
    """One of several; one that nobody has is nothing to do."""
    first = end_sessions(Target.user(user)).event
    end_sessions(Target.user(other))
    up()
    assert first is not None
    assert run("retry", "--event", first.pk).out == "There is nothing to retry now.\n"
    assert run("retry", "--event", first.pk, "--now").out == f"{first.pk}: complete\n"
    assert LogoutEvent.objects.filter(complete=False).count() == 1
    nobodys = "00000000-0000-4000-8000-000000000000"
    assert run("retry", "--event", nobodys, "--now").out.startswith("There is nothing")
    assert "argument --event: '5' is not an id" in run("retry", "--event", "5").error


def test_a_dry_run_only_tells(user: Any) -> None:
    """Which, and what."""
    event = end_sessions(Target.user(user)).event
    assert event is not None
    said = run("retry", "--now", "--dry-run")
    assert (said.code, said.out) == (0, f"{event.pk}: would try shaky\n")
    assert "tries" not in LogoutEvent.objects.get().outcomes["shaky"]


def test_whoever_comes_second_does_nothing(user: Any, up: Any) -> None:
    """Two jobs may have listed the same event."""
    event = end_sessions(Target.user(user)).event
    assert event is not None
    up()
    assert retries.retry_revokers(event, now=True).complete
    assert retries.retry_revokers(event, now=True).complete
    assert len(Shaky.seen) == 1


def test_a_try_that_is_not_due_is_not_made(user: Any, clock: Any, settings: Any) -> None:
    """Of two that failed, one may have to wait while the other's time has come."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.Shaky", "tests.revokers.kinds.Broken"]}
    end_sessions(Target.user(user))
    clock.shift(61)
    event = LogoutEvent.objects.get()
    event.outcomes["shaky"].update(tries=1, tried_at=timezone.now().isoformat())
    event.save()
    run("retry")
    outcomes = LogoutEvent.objects.get().outcomes
    assert (outcomes["shaky"]["tries"], outcomes["broken"]["tries"]) == (1, 1)


def test_a_failure_in_sql_leaves_the_record_whole(user: Any, settings: Any) -> None:
    """It breaks its own savepoint only."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.BrokenInSql"]}
    end_sessions(Target.user(user))
    assert run("retry", "--now").code == 3
    assert LogoutEvent.objects.get().outcomes["broken_in_sql"]["tries"] == 1
    assert not connection.in_atomic_block


def test_the_log_tells(user: Any, up: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Which event, and whether it is complete now."""
    end_sessions(Target.user(user))
    up()
    with caplog.at_level("INFO", logger="django_logout"):
        run("retry", "--now")
    record = caplog.records[-1]
    assert record.getMessage() == "Retried the revokers of an ending: complete."
    assert (record.complete, record.event) == (True, str(LogoutEvent.objects.get().pk))  # type: ignore[attr-defined]
