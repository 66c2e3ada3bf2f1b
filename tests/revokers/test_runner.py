"""A revoker that fails keeps no user logged in, and stops no other revoker."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from django_logout.models import LogoutEvent
from tests.clients import LOGOUT, copy_of, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic"])
def transactions(request: Any, monkeypatch: Any) -> None:
    """With ATOMIC_REQUESTS and without."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", request.param)


REVOKERS = {
    "tests.revokers.failing_revokers.Broken": ("broken", "RuntimeError"),
    "tests.revokers.failing_revokers.BrokenInSql": ("broken_in_sql", "OperationalError"),
    "tests.revokers.failing_revokers.BrokenInModel": ("broken_in_model", "IntegrityError"),
    "tests.revokers.failing_revokers.Unmakable": (
        "tests.revokers.failing_revokers.Unmakable",
        "TypeError",
    ),
    "tests.revokers.failing_revokers.Missing": (
        "tests.revokers.failing_revokers.Missing",
        "ImportError",
    ),
}


def test_raising_revoker_does_not_prevent_the_logout(
    transactions: None, engine: str, ann: Client, settings: Any
) -> None:
    """Not even one that breaks the transaction: the sessions have ended on every engine."""
    leave_by(ann, settings, "tests.revokers.failing_revokers.BrokenInSql")


@pytest.mark.parametrize("path", REVOKERS)
def test_other_revokers_run_after_one_that_raises(
    transactions: None, ann: Client, settings: Any, path: str
) -> None:
    """Even after one that does not exist; and the record says what failed."""
    leave_by(ann, settings, path)


def leave_by(ann: Client, settings: Any, path: str) -> None:
    """Log out with a revoker that raises, and look at the answer, the sessions and the record."""
    settings.LOGOUT = {"REVOKERS": [path, "tests.revokers.failing_revokers.Recorder"]}
    ann.get("/write/")
    thief = copy_of(ann)

    response = ann.post(LOGOUT, headers={"Accept": "application/json"})

    name, error = REVOKERS[path]
    assert response.json()["failed"] == [name]
    assert response.json()["ended"] == {"session": 1, "recorder": 2}
    assert logged_in_as(ann) == logged_in_as(thief) == ""
    event = LogoutEvent.objects.get()
    assert not event.complete
    assert event.outcomes[name] == {"ended": 0, "error": error}


def test_a_cookie_without_a_name(ann: Client, settings: Any) -> None:
    """A mistake in LOGOUT["DELETE_COOKIES"] is no reason to stay logged in either."""
    settings.LOGOUT = {"DELETE_COOKIES": [{"path": "/"}]}

    assert ann.post(LOGOUT).status_code == 200
    assert logged_in_as(ann) == ""
