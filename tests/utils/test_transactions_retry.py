"""Transactions that a database asks to repeat.

``tests/races/test_isolation_levels.py`` has a real one do so.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, OperationalError, transaction
from django.test import Client

from django_logout import SessionNotEnded, Target, end_sessions
from django_logout.models import LogoutEvent
from django_logout.sessions import registry
from django_logout.utils import transactions
from tests.clients import JSON, LOGOUT, logged_in, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def failure(*args: Any, **facts: Any) -> DatabaseError:
    """An error as Django raises it, with that of the driver as its cause."""
    error = OperationalError(*args)
    error.__cause__ = cause = Exception(*args)
    vars(cause).update(facts)
    return error


SERIALIZATION = failure("could not serialize access", sqlstate="40001")
RETRYABLE = [
    SERIALIZATION,
    failure("deadlock detected", sqlstate="40P01"),
    failure("deadlock detected", pgcode="40P01"),
    failure(1213, "Deadlock found when trying to get lock"),
    failure(1020, "Record has changed since last read"),
    failure("database table is locked", sqlite_errorcode=262),
    failure("database is locked", sqlite_errorcode=517),
]
FINAL = [
    failure("server closed the connection", sqlstate="57P01"),
    failure("duplicate key", sqlstate="23505"),
    failure(2006, "Server has gone away"),
    failure("database is locked", sqlite_errorcode=5),
    failure(),
]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without waiting."""
    found: list[float] = []
    monkeypatch.setattr(transactions, "sleep", found.append)
    return found


def failing(times: int, error: Exception) -> tuple[Callable[[], str], list[int]]:
    """Return what fails so many times before it succeeds, and a list of its calls."""
    calls: list[int] = []

    def work() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return work, calls


@pytest.mark.parametrize("error", RETRYABLE)
def test_up_to_three_tries(error: DatabaseError, waits: list[float]) -> None:
    """A short random wait lies between two of them."""
    work, calls = failing(2, error)
    assert transactions.retry(work, "default") == "done"
    assert len(calls) == 3
    assert len(waits) == 2
    assert all(0 <= seconds < 0.05 for seconds in waits)

    work, calls = failing(3, error)
    with pytest.raises(OperationalError):
        transactions.retry(work, "default")
    assert len(calls) == 3


@pytest.mark.parametrize("error", [*FINAL, ValueError(1213)])
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    """Another try would not help, or has been waited for already."""
    work, calls = failing(1, error)
    with pytest.raises(type(error)):
        transactions.retry(work, "default")
    assert len(calls) == 1


def test_inside_a_transaction_the_error_is_raised() -> None:
    """Only the code that began it can begin it again."""
    work, calls = failing(1, SERIALIZATION)
    with pytest.raises(OperationalError), transaction.atomic():
        transactions.retry(work, "default")
    assert len(calls) == 1
    assert not transactions.will_retry(SERIALIZATION)


@pytest.fixture
def conflicts(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make so many of the next endings meet another transaction, once they have done their work."""

    def meet(times: int) -> None:
        left = [times]

        def end_rows(*args: Any, **kwargs: Any) -> Any:
            found = really(*args, **kwargs)
            if left[0]:
                left[0] -= 1
                raise SERIALIZATION
            return found

        monkeypatch.setattr(registry, "end_rows", end_rows)

    really = registry.end_rows
    return meet


def test_an_ending_is_repeated(engine: str, user: Any, conflicts: Any) -> None:
    """It is recorded once, with the right numbers."""
    clients = [logged_in(user) for _ in range(2)]
    conflicts(2)
    assert end_sessions(Target.user(user)).complete
    assert LogoutEvent.objects.get().sessions == 2
    assert [logged_in_as(client) for client in clients] == ["", ""]


def test_each_batch_is_counted_once(
    user: Any, other: Any, small_parts: None, conflicts: Any
) -> None:
    """A batch that is repeated adds to the event once."""
    users = get_user_model().objects
    for name in ("carol", "dave"):
        logged_in(users.create_user(name))
    for account in (user, other):
        logged_in(account)
    conflicts(1)
    end_sessions(Target.users(users.all()))
    event = LogoutEvent.objects.get()
    assert event.sessions == event.outcomes["session"]["ended"] == 4


def test_the_client_is_told_if_it_never_succeeds(ann: Client, conflicts: Any) -> None:
    """With a 503; nothing has changed, and the next try ends the session."""
    conflicts(3)
    assert ann.post(LOGOUT).status_code == 503
    assert not LogoutEvent.objects.exists()
    assert ann.post(LOGOUT).status_code == 200


def test_in_a_transaction_of_the_project_it_is_not_repeated(
    ann: Client, user: Any, conflicts: Any
) -> None:
    """The project learns of the conflict, and of its cause."""
    conflicts(1)
    with pytest.raises(SessionNotEnded) as found, transaction.atomic():
        end_sessions(Target.user(user))
    assert found.value.__cause__ is SERIALIZATION
    assert logged_in_as(ann) == "ann"


def test_a_revoker_that_meets_another_transaction_is_no_failure(
    ann: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is tried again, the revoker too."""
    from tests.revokers import failing_revokers

    def act() -> None:  # once
        raise SERIALIZATION

    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Saboteur"]}
    monkeypatch.setattr(failing_revokers.Saboteur, "act", staticmethod(act))
    assert ann.post(LOGOUT, headers=JSON).json()["complete"]
    assert LogoutEvent.objects.get().complete
