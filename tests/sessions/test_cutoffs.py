"""Cutoffs refuse the sessions and tokens of before, and count what they end once."""

from datetime import timedelta
from math import inf
from typing import Any

import pytest
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import Cutoff, LogoutEvent
from django_logout.sessions import cutoffs
from tests.factories import make_rows

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("behind", [0, 5, 3600, -3600])
def test_sessions_of_an_earlier_cutoff_are_not_counted_again(
    user: Any, clock: Any, behind: int
) -> None:
    """Everyone is logged out twice: the second ending counts those who logged in in between,
    whatever clock the server has that ends."""
    make_rows(user, 2)
    clock.shift(1)
    first = timezone.now()
    cutoffs.cut_off([None], before=first, reason=Reason.COMMAND)
    assert cutoffs.count_before(first) == 2
    clock.shift(1)
    make_rows(user, 1)
    clock.shift(-behind)
    second = timezone.now()
    cutoffs.cut_off([None], before=second, reason=Reason.COMMAND)
    assert cutoffs.count_before(second) == 1


def test_last_cutoff_is_the_newest_of_all_kinds(user: Any, other: Any, clock: Any) -> None:
    """A cutoff for everyone, one for the user, and an ending of all of the user's sessions."""
    assert cutoffs.last_cutoff_of(user.pk).at == -inf

    cutoffs.cut_off([None], before=timezone.now(), reason=Reason.COMMAND)
    assert cutoffs.last_cutoff_of(user.pk).reason == Reason.COMMAND
    cutoffs.cut_off([other.pk], before=timezone.now() + SECOND, reason=Reason.ADMIN)
    assert cutoffs.last_cutoff_of(user.pk).reason == Reason.COMMAND
    clock.shift(2)
    end_sessions(Target.user(user), reason=Reason.REPORTED)

    last = cutoffs.last_cutoff_of(user.pk)
    assert (last.at, last.reason) == (timezone.now().timestamp(), Reason.REPORTED)
    assert cutoffs.last_cutoff_of(other.pk).reason == Reason.ADMIN


def test_token_of_the_second_of_the_ending_is_refused() -> None:
    """Its ``iat`` has no fraction, so it may be older than the ending."""
    assert cutoffs.LastCutoff(at=1000).covers(1000)
    last = cutoffs.LastCutoff(at=1000.5)
    assert last.covers(1000)
    assert not last.covers(1001)


def test_user_that_does_not_exist_is_cut_off_for_good() -> None:
    """A token outlives the account."""
    last = cutoffs.last_cutoff_of(4711)
    assert last.covers(2**40)
    assert last.reason == Reason.DELETED


def test_unknown_sessions_are_refused_by_user_or_for_all(user: Any, other: Any) -> None:
    """Sessions without a row are older than any ending."""
    both = [user.pk, other.pk]
    assert cutoffs.refuses_unknown(both) == set()
    end_sessions(Target.user(user))
    assert cutoffs.refuses_unknown(both) == {user.pk}
    cutoffs.cut_off([None], before=cutoffs.moment_of(0), reason=Reason.COMMAND)
    assert cutoffs.refuses_unknown(both) == {*both}


def test_endings_that_have_been_seen(user: Any, other: Any) -> None:
    """Only endings of all sessions count, and only those of this user or of everyone."""
    before = cutoffs.endings_seen(user.pk)
    end_sessions(Target.session(make_rows(user, 1)[0].pk))
    end_sessions(Target.user(other))
    cutoffs.cut_off([user.pk], before=cutoffs.moment_of(0), reason=Reason.USER)
    assert cutoffs.endings_seen(user.pk) == before == frozenset()
    end_sessions(Target.user(user))
    end_sessions(Target.everyone())
    seen = cutoffs.endings_seen(user.pk)
    assert seen == {
        str(Cutoff.objects.get(user=None).pk),
        *(event.pk.hex for event in LogoutEvent.objects.filter(user=user, scope="user")),
    }
