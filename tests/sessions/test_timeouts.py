"""The pure decisions on time, at and around each limit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_logout.conf import LogoutSettings
from django_logout.sessions import timeouts
from django_logout.sessions.timeouts import Limits

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("limits", "begun", "seen", "reason"),
    [
        (Limits(), 9999 * HOUR, 9999 * HOUR, None),
        (Limits(idle_timeout=HOUR), 9 * HOUR, HOUR - MINUTE, None),
        (Limits(idle_timeout=HOUR), 9 * HOUR, HOUR, "idle"),
        (Limits(absolute_timeout=HOUR), HOUR - MINUTE, 9 * MINUTE, None),
        (Limits(absolute_timeout=HOUR), HOUR, timedelta(0), "absolute_timeout"),
        (Limits(idle_timeout=MINUTE, absolute_timeout=HOUR), HOUR, MINUTE, "absolute_timeout"),
        (Limits(idle_timeout=MINUTE, absolute_timeout=HOUR), HOUR - MINUTE, MINUTE, "idle"),
        (Limits(idle_timeout=MINUTE), -MINUTE, -MINUTE, None),  # another machine's clock is ahead
    ],
)
def test_a_limit_is_reached_at_its_moment(
    limits: Limits, begun: timedelta, seen: timedelta, reason: str | None
) -> None:
    """Not before; and where both are reached, age is the reason."""
    assert timeouts.why_expired(limits, begun=NOW - begun, seen=NOW - seen, now=NOW) == reason


durations = st.none() | st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=9))
agos = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10))


@given(idle=durations, absolute_timeout=durations, begun=agos, seen=agos)
def test_a_session_has_time_left_until_it_has_expired(
    idle: timedelta | None, absolute_timeout: timedelta | None, begun: timedelta, seen: timedelta
) -> None:
    """The two ways to ask the same agree, to the second."""
    limits = Limits(idle_timeout=idle, absolute_timeout=absolute_timeout)
    times = {"begun": NOW - begun, "seen": NOW - seen, "now": NOW}
    left, idle_left = timeouts.seconds_left(limits, expires=NOW + 99 * HOUR, **times)

    if timeouts.why_expired(limits, **times):
        assert min(left, left if idle_left is None else idle_left) == 0
    else:
        soon = timedelta(seconds=max(0, (left if idle_left is None else idle_left)))
        assert (
            timeouts.why_expired(limits, **{**times, "now": NOW + soon - timedelta(seconds=1)})
            is None
        )


def test_seconds_left() -> None:
    """Whatever is done, and if nothing is; never below zero; never beyond the engine's own end."""
    times: dict[str, Any] = {"begun": NOW - HOUR, "seen": NOW - MINUTE, "now": NOW}
    limits = Limits(idle_timeout=3 * MINUTE, absolute_timeout=2 * HOUR)
    assert timeouts.seconds_left(limits, expires=NOW + 9 * HOUR, **times) == (3600, 120)
    assert timeouts.seconds_left(limits, expires=NOW + MINUTE, **times) == (60, 60)
    assert timeouts.seconds_left(limits, expires=NOW - MINUTE, **times) == (0, 0)
    assert timeouts.seconds_left(Limits(), expires=NOW + MINUTE, **times) == (60, None)


def test_durations_of_the_settings() -> None:
    """Seconds, timedeltas, callables that return either, and nothing."""

    def by_user(user: Any, request: Any) -> Any:
        return {"boss": 60, "guest": None}.get(user, HOUR)

    settings = LogoutSettings(IDLE_TIMEOUT=by_user, ABSOLUTE_TIMEOUT=7200)
    assert timeouts.depend_on_user(settings)
    assert timeouts.common_limits(settings) is None
    assert timeouts.limits_for(settings, "boss", None) == Limits(
        idle_timeout=MINUTE, absolute_timeout=2 * HOUR
    )
    assert timeouts.limits_for(settings, "ann", None) == Limits(
        idle_timeout=HOUR, absolute_timeout=2 * HOUR
    )
    assert timeouts.limits_for(settings, "guest", None) == Limits(absolute_timeout=2 * HOUR)
    assert timeouts.depend_on_user(LogoutSettings(ABSOLUTE_TIMEOUT=by_user))
    assert not timeouts.depend_on_user(LogoutSettings(ABSOLUTE_TIMEOUT=HOUR))
    common = timeouts.common_limits(LogoutSettings(ABSOLUTE_TIMEOUT=7200))
    assert common == Limits(absolute_timeout=2 * HOUR)


@pytest.mark.parametrize(
    ("asked", "idle", "used"),
    [(60, None, 60), (60, HOUR, 60), (3600, HOUR, 900), (60, timedelta(seconds=60), 15)],
)
def test_activity_is_written_often_enough_for_the_idle_timeout(
    asked: int, idle: timedelta | None, used: int
) -> None:
    """Else other processes would take a session for idle far too early."""
    settings = LogoutSettings(LAST_SEEN_INTERVAL=asked)
    assert timeouts.touch_interval(settings, Limits(idle_timeout=idle)) == timedelta(seconds=used)
    assert timeouts.touch_interval(settings, None) == timedelta(seconds=asked)
