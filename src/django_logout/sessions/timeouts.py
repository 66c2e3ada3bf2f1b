"""When a session expires by itself: decisions without I/O."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest

from django_logout.conf import LogoutSettings, as_timedelta
from django_logout.enums import Reason


class Limits(NamedTuple):
    """The timeouts of a session; ``None`` is no timeout."""

    idle_timeout: timedelta | None = None
    absolute_timeout: timedelta | None = None


def depend_on_user(given: LogoutSettings) -> bool:
    """Return whether the timeouts differ between users."""
    return callable(given.IDLE_TIMEOUT) or callable(given.ABSOLUTE_TIMEOUT)


def common_limits(given: LogoutSettings) -> Limits | None:
    """Return the timeouts of all users, or ``None`` if they differ between users."""
    return None if depend_on_user(given) else limits_for(given, None, None)


def limits_for(given: LogoutSettings, user: Any, request: HttpRequest | None) -> Limits:
    """Return the timeouts of a user; ``user`` may be ``None`` if they do not depend on it."""
    return Limits(
        idle_timeout=_duration(given.IDLE_TIMEOUT, user, request),
        absolute_timeout=_duration(given.ABSOLUTE_TIMEOUT, user, request),
    )


def _duration(value: Any, user: Any, request: HttpRequest | None) -> timedelta | None:
    if callable(value):
        value = value(user, request)
    return None if value is None else as_timedelta(value)


def why_expired(limits: Limits, *, begun: datetime, seen: datetime, now: datetime) -> Reason | None:
    """Return why a session with these times has expired, or ``None``."""
    if limits.absolute_timeout is not None and now - begun >= limits.absolute_timeout:
        return Reason.ABSOLUTE_TIMEOUT
    if limits.idle_timeout is not None and now - seen >= limits.idle_timeout:
        return Reason.IDLE
    return None


def touch_interval(given: LogoutSettings, limits: Limits | None) -> timedelta:
    """Return how long activity may stay unwritten.

    It is much shorter than the idle timeout, since other processes know only what is written, and
    would take an active session for idle.
    """
    interval = as_timedelta(given.LAST_SEEN_INTERVAL)
    if limits is None or limits.idle_timeout is None:
        return interval
    return min(interval, limits.idle_timeout / 4)


def latest_end(limits: Limits, *, begun: datetime, expires: datetime) -> datetime:
    """Return when a session ends even if it is used."""
    timeout = limits.absolute_timeout
    return expires if timeout is None else min(expires, begun + timeout)


def seconds_left(
    limits: Limits, *, begun: datetime, seen: datetime, expires: datetime, now: datetime
) -> tuple[int, int | None]:
    """Return the seconds until the session ends even if it is used, and if it is not."""
    ending = latest_end(limits, begun=begun, expires=expires)
    left = max(0, int((ending - now).total_seconds()))
    if limits.idle_timeout is None:
        return left, None
    return left, min(left, max(0, int((seen + limits.idle_timeout - now).total_seconds())))
