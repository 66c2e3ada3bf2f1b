"""When a session was last seen, written at most once an interval.

A request pays nothing for it: each process remembers what it has written, and asks the
database no sooner than ``TOUCH_INTERVAL`` later. The row alone is written, never the session,
whose life would be lengthened by that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from django_logout import registry
from django_logout.conf import as_timedelta, logout_settings

#: Sessions that a process remembers; the memory is emptied when there are more.
MEMORY = 10_000

_written: dict[UUID, datetime] = {}


def remember(session_id: UUID, at: datetime) -> None:
    """The row of a session says that it was seen at this moment."""
    if len(_written) >= MEMORY:
        _written.clear()
    _written[session_id] = at


def is_due(session_id: UUID) -> bool:
    """Whether this process has not written a session's activity for an interval."""
    written = _written.get(session_id)
    return written is None or timezone.now() - written >= _interval()


def touch(session_id: UUID) -> None:
    """Write that a session is being used now, unless another process has just done so."""
    now = timezone.now()
    stale = registry.sessions().filter(
        pk=session_id, ended_at__isnull=True, last_seen_at__lte=now - _interval()
    )
    stale.update(last_seen_at=now)
    remember(session_id, now)


def _interval() -> timedelta:
    return as_timedelta(logout_settings().TOUCH_INTERVAL)
