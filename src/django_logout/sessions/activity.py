"""When a session was last seen: known to the second in each process, written once an interval.

Most requests pay nothing for it: a process remembers what it has seen and written, and does not use
the database again for ``LAST_SEEN_INTERVAL``. Only the row is written, never the session, whose
life that would lengthen.
"""

import logging
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from uuid import UUID

from django.db import Error
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes, logout_settings
from django_logout.models import LoginSession
from django_logout.sessions import registry, timeouts
from django_logout.sessions.identity import is_derived
from django_logout.sessions.timeouts import Limits
from django_logout.utils.bounded import BoundedDict
from django_logout.utils.lazy import lazy_import

# Imported with the first query outside of a transaction.
retry = lazy_import("utils.transactions.retry")

logger = logging.getLogger("django_logout")

#: Our own views, in any namespace: asking how long a session lives must not lengthen its life.
OURS = frozenset({"logout_status", "logout_events"})


class Memory:
    """What this process knows of one session. Other processes may have written later activity."""

    seen: datetime | None = None
    "The latest activity."
    written: datetime | None = None
    "The latest activity according to the row."
    begun: datetime | None = None
    "The latest login."
    expires: datetime | None = None
    "When the engine will drop the session, as it was last saved by this process."
    expires_written: datetime | None = None
    "The same according to the row."
    limits: Limits | None = None
    "The timeouts of its user, if they differ between users."
    limits_at: datetime | None = None
    "When the timeouts were read."


@cached_until_setting_changes("USE_TZ")  # Times with and without a zone cannot be compared.
def _memories() -> BoundedDict[UUID, Memory]:
    return BoundedDict()


def get_memory(session_id: UUID) -> Memory | None:
    """Return what this process knows of a session."""
    return _memories().get(session_id)


def remember_row(row: LoginSession) -> Memory:
    """Remember what a row says that was just read or written."""
    memory = _memory(row.pk)
    memory.seen = max(memory.seen or row.last_seen_at, row.last_seen_at)
    memory.written, memory.expires_written = row.last_seen_at, row.expires_at
    memory.begun = row.authenticated_at
    return memory


def touch_now(session_id: UUID) -> None:
    """Write at once that a session is used now, because a response is about to say so."""
    row = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
    row.update(last_seen_at=timezone.now())


def record_expiry(session_id: UUID, expires: datetime) -> None:
    """Remember that the engine has saved a session, which lives until then."""
    _memory(session_id).expires = expires


def limits_of(memory: Memory | None, now: datetime) -> Limits | None:
    """Return the timeouts of a session if this process has read them within the last interval."""
    given = logout_settings()
    if (limits := timeouts.common_limits(given)) is not None:
        return limits
    if memory is None or memory.limits_at is None:
        return None
    fresh = now - memory.limits_at < timeouts.touch_interval(given, memory.limits)
    return memory.limits if fresh else None


def record_use(session_id: UUID, request: HttpRequest) -> bool:
    """Remember that a request has used a session; return whether the row has to be written."""
    memory = get_memory(session_id)
    if memory is None or memory.written is None:
        return not is_passive(request) or _expiry_changed(memory, timedelta(0))
    now, limits, interval = _now(memory)
    if now - memory.written >= interval or _expiry_changed(memory, interval):
        return not is_passive(request) or _expiry_changed(memory, interval)
    if (limits is None or limits.idle_timeout is not None) and not is_passive(request):
        memory.seen = now
    return False


def write_use(session_id: UUID, request: HttpRequest) -> None:
    """Record that a request has used a session or a token, in the row if that is due."""
    if record_use(session_id, request):
        try:
            retry(partial(touch_row, session_id, request), registry.database())
        except Error:
            logger.exception("The time of the last use of a session could not be saved.")


def touch_row(session_id: UUID, request: HttpRequest) -> bool:
    """Write to the row that a session is used now, and when it expires.

    Returns false if another process has just written it.
    """
    memory = _memory(session_id)
    now, limits, interval = _now(memory)
    changes: dict[str, Any] = {}
    stale = Q()
    if active := not is_passive(request):
        memory.seen = changes["last_seen_at"] = now
        stale |= Q(last_seen_at__lte=now - interval)
    if (end := memory.expires) is not None:
        changes["expires_at"] = end
        stale |= Q(expires_at__lte=end - interval) | Q(expires_at__gte=end + interval)
    if not changes:
        return False
    row = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
    written = None
    if memory.written is None:
        # The session is new to this process, so another one may have written the row just now.
        # MariaDB locks the rows that an UPDATE looks at, even if it changes none, and so would wait
        # for an ending in another transaction. A SELECT does not.
        written = row.exclude(stale).values_list("last_seen_at", flat=True).first()
    done = written is None and bool(row.filter(stale).update(**changes))
    if is_derived(session_id):  # Its user uses the origin, which the session has replaced.
        registry.sessions().filter(derived=session_id, ended_at__isnull=True).update(**changes)
    memory.expires_written = memory.expires
    if active and (done or (limits is not None and limits.idle_timeout is None)):
        memory.written = now
    elif active:
        # The row has to be written again once it is an interval old. Other processes know nothing
        # else, and would take the session for idle too early.
        memory.written = written or row.values_list("last_seen_at", flat=True).first() or now
    return done


def _memory(session_id: UUID) -> Memory:
    memory = get_memory(session_id)
    if memory is None:
        memory = _memories()[session_id] = Memory()
    return memory


def _now(memory: Memory) -> tuple[datetime, Limits | None, timedelta]:
    given = logout_settings()
    limits = timeouts.common_limits(given) or memory.limits
    return timezone.now(), limits, timeouts.touch_interval(given, limits)


def _expiry_changed(memory: Memory | None, interval: timedelta) -> bool:
    """Return whether the session's expiry has moved by an interval since it was written."""
    if memory is None or memory.expires is None:
        return False
    written = memory.expires_written
    return written is None or abs(memory.expires - written) >= interval


def is_passive(request: HttpRequest) -> bool:
    """Return whether a page makes this request by itself, so that it is no activity of the user.

    ``PASSIVE_URLS`` names such requests: by the path, if the entry starts with a slash, else by the
    name of the view, namespaces included. ``*`` stands for anything.
    """
    match = getattr(request, "resolver_match", None)  # None if no view was reached
    if match is not None and match.url_name in OURS and request.method in {"GET", "HEAD"}:
        return True
    path, name = request.path_info, match.view_name if match is not None else ""
    return any(
        fnmatchcase(path if entry.startswith("/") else name, entry)
        for entry in logout_settings().PASSIVE_URLS
    )
