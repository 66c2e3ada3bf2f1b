"""An ending in batches: what is announced of each, what fails in the middle, and how far it got."""

from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction

from django_logout import SessionNotEnded, Target, aend_sessions, end_sessions
from django_logout.ending import audit
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations.retries import incomplete_events, retry_revokers
from django_logout.revokers.base import Revoker
from django_logout.sessions import registry
from django_logout.signals import session_ended
from django_logout.types import Ending
from tests.factories import make_crowd, make_rows, users_named

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_session_is_announced_once(user: Any, other: Any, small_parts: None) -> None:
    """By signal, all with the one event."""
    rows = [*make_rows(user, 3), *make_rows(other, 3)]
    heard = []

    def hear(session: Any, event: Any, **kwargs: Any) -> None:
        heard.append((session.id, event.pk))

    session_ended.connect(hear)
    try:
        result = end_sessions(Target.users(users_named("ann", "bob")))
        again = end_sessions(Target.sessions([row.pk for row in rows]))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert sorted(heard) == sorted((row.pk, result.event.pk) for row in rows)
    assert (again.ended, again.event) == ({}, None)


def test_revokers_are_asked_part_by_part(small_parts: None, recorder: Any) -> None:
    """Each call gets the users and the sessions of its batch. The result is their sum."""
    crowd = make_crowd(5, 2)

    result = end_sessions(Target.users(crowd))

    assert [len(seen.sessions) for seen in recorder.seen] == [4, 4, 2]
    assert {seen.id for seen in recorder.seen} == {LogoutEvent.objects.get().pk}
    assert result.ended == {"session": 10, "recorder": 6}
    for seen in recorder.seen:
        assert {session.user_id for session in seen.sessions} == {u.pk for u in seen.target.value}


class FirstFails(Revoker):
    """Fails in the first batch, and ends three and spares one in each further one."""

    name = "first_fails"
    calls: ClassVar[list[Ending]] = []

    def revoke(self, ending: Ending) -> int:
        """Fail when called for the first time."""
        self.calls.append(ending)
        if len(self.calls) == 1:
            raise OSError
        return 3

    def count_exempt(self, ending: Ending) -> int:
        """One of each batch is exempt."""
        return 1


def test_an_error_in_one_batch_is_an_error_of_the_whole(small_parts: None, settings: Any) -> None:
    """And what the other batches have ended and spared is counted all the same."""
    settings.LOGOUT = {"REVOKERS": [f"{__name__}.FirstFails"]}
    FirstFails.calls.clear()

    result = end_sessions(Target.users(make_crowd(5, 2)))

    assert result.ended == {"session": 10, "first_fails": 6}
    assert result.exempt == {"first_fails": 2}
    assert (result.failed, result.complete) == (("first_fails",), False)


def test_users_whose_revoker_failed_are_recorded(small_parts: None, settings: Any) -> None:
    """Those without a session could not be found again."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}
    crowd = make_crowd(3, 0)

    result = end_sessions(Target.users(crowd))

    event = LogoutEvent.objects.get()
    assert not result.complete
    assert not event.complete
    entry = event.outcomes["broken"]
    assert (entry["ended"], entry["error"]) == (0, "RuntimeError")
    assert sorted(entry["users"]) == sorted(str(each.pk) for each in crowd)


def test_a_progress_that_raises_stops_nothing(user: Any, other: Any, small_parts: None) -> None:
    """A hook that fails does not keep a user logged in (design law 4)."""

    def progress(done: int, total: int) -> None:
        raise RuntimeError

    make_crowd(5)
    everybody = get_user_model().objects.all()
    assert end_sessions(Target.users(everybody), progress=progress).ended == {"session": 5}


def test_a_failure_in_the_middle_says_how_far_it_got(
    small_parts: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is done is done, and on record; trying again does the rest."""
    crowd = make_crowd(5, 2)
    end_rows, calls = registry.end_rows, []

    def flaky(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise DatabaseError
        return end_rows(*args, **kwargs)

    monkeypatch.setattr(registry, "end_rows", flaky)
    with pytest.raises(SessionNotEnded, match=r"^Done for 2 of 5\. Then: .*nothing was changed"):
        end_sessions(Target.users(crowd))
    event = LogoutEvent.objects.get()
    assert event.sessions == LoginSession.objects.exclude(ended_at=None).count() == 4
    assert not event.complete
    assert event.outcomes["session"] == {"ended": 4, "error": "", "left": 3}
    cause, line = (record for record in caplog.records if record.name == "django_logout")
    assert cause.exc_info
    assert cause.exc_info[0] is DatabaseError
    assert (line.levelname, line.__dict__["left"]) == ("WARNING", 3)
    # There is nothing of it that could be tried again.
    assert not list(incomplete_events(now=True))
    assert not retry_revokers(event, now=True).complete

    assert end_sessions(Target.users(crowd)).ended == {"session": 6}
    assert not LoginSession.objects.filter(ended_at=None).exists()


def test_a_failure_before_anything_is_on_record_says_how_far_it_got(
    user: Any, small_parts: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first batch was empty, and the second ended no session."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError

    row, *_ = make_rows(user, 1)
    monkeypatch.setattr(audit, "record_event", broken)
    with pytest.raises(SessionNotEnded, match=r"^Done for 2 of 3\. Then: .*nothing was changed"):
        end_sessions(Target.sessions([uuid4(), uuid4(), row.pk]))
    _, line = (record for record in caplog.records if record.name == "django_logout")
    assert (line.__dict__["event"], line.__dict__["left"]) == (None, 1)
    assert not LogoutEvent.objects.exists()
    assert LoginSession.objects.get().ended_at is None


def test_a_failure_at_once_has_changed_nothing(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError

    make_rows(user, 1)
    monkeypatch.setattr(registry, "end_rows", broken)
    with pytest.raises(SessionNotEnded, match=r"^The sessions could not be ended; nothing"):
        end_sessions(Target.users(users_named("ann")))


def test_batches_in_a_transaction_of_the_project_are_committed_together(
    small_parts: None, engine: str
) -> None:
    """Rolled back, nothing has ended; committed, all has, and is announced then."""
    crowd = make_crowd(5)
    heard: list[Any] = []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        with transaction.atomic():
            end_sessions(Target.users(crowd))
            transaction.set_rollback(True)
        assert not LoginSession.objects.exclude(ended_at=None).exists()
        assert not heard
        with transaction.atomic():
            end_sessions(Target.users(crowd))
            assert not heard
    finally:
        session_ended.disconnect(hear)
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert len(set(heard)) == len(heard) == 5
    assert LogoutEvent.objects.get().sessions == 5


async def test_async_ending_reports_its_batches(small_parts: None) -> None:
    """The same, in a thread."""
    from asgiref.sync import sync_to_async

    crowd = await sync_to_async(make_crowd)(3)
    told: list[Any] = []
    result = await aend_sessions(
        Target.users(crowd), progress=lambda *how_far: told.append(how_far)
    )
    assert result.ended == {"session": 3}
    assert told == [(2, 3), (3, 3)]
