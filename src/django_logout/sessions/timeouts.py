"""When a session expires by itself: pure decisions, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django_logout.conf import LogoutSettings, as_timedelta
from django_logout.enums import Reason

if TYPE_CHECKING:
    from django.http import HttpRequest


class Limits(NamedTuple):
    """How long a session may idle, and how long it may live; ``None``: for ever."""

    idle_timeout: timedelta | None = None
    absolute_timeout: timedelta | None = None

    def __bool__(self) -> bool:
        return self.idle_timeout is not None or self.absolute_timeout is not None


def depend_on_user(given: LogoutSettings) -> bool:
    """Whether the limits are not the same for everybody."""
    return callable(given.IDLE_TIMEOUT) or callable(given.ABSOLUTE_TIMEOUT)


def limits_for(given: LogoutSettings, user: Any, request: HttpRequest | None) -> Limits:
    """The limits that the settings mean for a user (who is not looked at if they are fixed)."""
    return Limits(
        idle_timeout=_duration(given.IDLE_TIMEOUT, user, request),
        absolute_timeout=_duration(given.ABSOLUTE_TIMEOUT, user, request),
    )


def _duration(value: Any, user: Any, request: HttpRequest | None) -> timedelta | None:
    if callable(value):
        value = value(user, request)
    return None if value is None else as_timedelta(value)


def expired(limits: Limits, *, begun: datetime, seen: datetime, now: datetime) -> Reason | None:
    """Why a session with these times is over, or ``None``."""
    if limits.absolute_timeout is not None and now - begun >= limits.absolute_timeout:
        return Reason.ABSOLUTE_TIMEOUT
    if limits.idle_timeout is not None and now - seen >= limits.idle_timeout:
        return Reason.IDLE
    return None


def touch_interval(given: LogoutSettings, limits: Limits | None) -> timedelta:
    """How long activity may go unwritten: so much shorter than the idle timeout that other
    processes, which know only what is written, do not take somebody for idle long before."""
    interval = as_timedelta(given.LAST_SEEN_INTERVAL)
    return (
        interval
        if limits is None or limits.idle_timeout is None
        else min(interval, limits.idle_timeout / 4)
    )


def end(limits: Limits, *, begun: datetime, expires: datetime) -> datetime:
    """When a session ends whatever is done."""
    return (
        expires
        if limits.absolute_timeout is None
        else min(expires, begun + limits.absolute_timeout)
    )


def seconds_left(
    limits: Limits, *, begun: datetime, seen: datetime, expires: datetime, now: datetime
) -> tuple[int, int | None]:
    """Seconds until the session ends whatever is done, and until it ends if nothing is."""
    ending = end(limits, begun=begun, expires=expires)
    left = max(0, int((ending - now).total_seconds()))
    if limits.idle_timeout is None:
        return left, None
    return left, min(left, max(0, int((seen + limits.idle_timeout - now).total_seconds())))
