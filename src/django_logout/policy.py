"""When a session expires by itself: pure decisions, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django_logout.types import Reason


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may idle, and how long it may live; ``None``: for ever."""

    idle: timedelta | None = None
    age: timedelta | None = None

    def __bool__(self) -> bool:
        return self.idle is not None or self.age is not None


#: NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3.
PRESETS = {
    "aal1": Limits(age=timedelta(days=30)),
    "aal2": Limits(idle=timedelta(hours=1), age=timedelta(hours=24)),
    "aal3": Limits(idle=timedelta(minutes=15), age=timedelta(hours=12)),
}


def expired(limits: Limits, *, begun: datetime, seen: datetime, now: datetime) -> Reason | None:
    """Why a session with these times is over, or ``None``."""
    if limits.age is not None and now - begun >= limits.age:
        return Reason.MAX_AGE
    if limits.idle is not None and now - seen >= limits.idle:
        return Reason.IDLE
    return None


def seconds_left(
    limits: Limits, *, begun: datetime, seen: datetime, expires: datetime, now: datetime
) -> tuple[int, int | None]:
    """Seconds until the session ends whatever is done, and until it ends if nothing is."""
    end = expires if limits.age is None else min(expires, begun + limits.age)
    left = max(0, int((end - now).total_seconds()))
    if limits.idle is None:
        return left, None
    return left, min(left, max(0, int((seen + limits.idle - now).total_seconds())))
