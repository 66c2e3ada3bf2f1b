"""Targets, results and the reach of an ending."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from django_logout import Target
from django_logout.types import Ending, LogoutResult, Outcome, Reach

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_id_that_is_none_is_refused() -> None:
    """As with Target.session()."""
    with pytest.raises(ValueError, match="UUID"):
        Target.sessions(["nonsense"])


def test_later_failure_changes_its_revoker_only() -> None:
    """What has been ended is still counted."""
    result = LogoutResult(outcomes=(Outcome("session", 2), Outcome("token", 1)))
    failed = result.with_failures([Outcome("token", error="OSError")])
    assert failed.ended == result.ended
    assert failed.failed == ("token",)


def test_results_of_several_endings_add_up() -> None:
    """By revoker; the first event stands for all."""
    first = LogoutResult(outcomes=(Outcome("session", 2), Outcome("token", 1)))
    second = LogoutResult(outcomes=(Outcome("token", 3), Outcome("card", error="OSError")))
    both = first.plus(second)
    assert both.ended == {"session": 2, "token": 4}
    assert (both.failed, both.complete) == (("card",), False)


def test_keys_of_sessions_are_not_in_the_repr_of_an_ending() -> None:
    """Logs and error reports print it."""
    ending = Ending(
        id=uuid4(),
        target=Target.everyone(),
        reason="user",
        actor=None,
        request=None,
        at=timezone.now(),
        keys=("s3cr3t",),
    )
    assert "s3cr3t" not in repr(ending)


@pytest.mark.parametrize("users", [frozenset([1]), None], ids=["a user", "everyone"])
def test_reach_of_users_is_all_but_the_excluded(users: Any) -> None:
    """An id may be excluded by its kind, or whatever its kind is."""
    kept, revoked = uuid4(), uuid4()
    for kind in ("token", "*"):
        reach = Reach(users=users, excluded_ids={kind: frozenset([kept])})
        assert not reach.includes("token", kept)
        assert not reach.includes("token", kept, revoked)
        assert reach.includes("token", revoked)


def test_reach_of_nothing_includes_nothing() -> None:
    """This is the reach of an ending whose revokers do not need it."""
    assert not Reach().may_include("token")
    assert not Reach().includes("token", uuid4())
