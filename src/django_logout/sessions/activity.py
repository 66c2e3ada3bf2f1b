"""When a session was last seen: known to the second here, written at most once an interval.

A request pays nothing for it: each process remembers what it has seen and what it has written,
and asks the database no sooner than ``LAST_SEEN_INTERVAL`` later. The row alone is written, never
the session, whose life would be lengthened by that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.signals import setting_changed
from django.db.models import Q
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.sessions import registry, timeouts
from django_logout.sessions.timeouts import Limits
from django_logout.utils.bounded import BoundedDict

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_logout.models import LoginSession

#: Ours, in whatever namespace: asking how long the session lives must not lengthen it.
OURS = frozenset({"logout_status", "logout_events"})


class Memory:
    """What this process knows of one session. Its row may know of later activity, by others."""

    seen: datetime | None = None
    "The latest activity."
    written: datetime | None = None
    "Of that, what the row says."
    begun: datetime | None = None
    "The latest login."
    expires: datetime | None = None
    "When the engine will drop it, since it was last saved here."
    expires_written: datetime | None = None
    "Of that, what the row says."
    limits: Limits | None = None
    "Its user's, if they differ by user."
    limits_at: datetime | None = None
    "When they were found out."


_memories: BoundedDict[UUID, Memory] = BoundedDict()


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "USE_TZ":  # moments with and without a time zone cannot be compared
        _memories.clear()


setting_changed.connect(_forget, dispatch_uid="django_logout.activity")


def get_memory(session_id: UUID) -> Memory | None:
    """What this process knows of a session."""
    return _memories.get(session_id)


def remember(row: LoginSession) -> Memory:
    """Know what a row says that has just been read or written."""
    memory = _memory(row.pk)
    memory.seen = max(memory.seen or row.last_seen_at, row.last_seen_at)
    memory.written, memory.expires_written = row.last_seen_at, row.expires_at
    memory.begun = row.authenticated_at
    return memory


def touch_now(session_id: UUID) -> None:
    """Write at once that a session is being used now: somebody is about to be told so."""
    row = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
    row.update(last_seen_at=timezone.now())


def record_expiry(session_id: UUID, expires: datetime) -> None:
    """The engine has saved a session, and so lets it live until then."""
    _memory(session_id).expires = expires


def limits_of(memory: Memory | None, now: datetime) -> Limits | None:
    """The limits of a session, if they are known and have not been for an interval."""
    given = logout_settings()
    if not timeouts.depend_on_user(given):
        return timeouts.limits_for(given, None, None)
    if memory is None or memory.limits_at is None:
        return None
    fresh = now - memory.limits_at < timeouts.touch_interval(given, memory.limits)
    return memory.limits if fresh else None


def record_use(session_id: UUID, request: HttpRequest) -> bool:
    """A request has used a session: note that, and tell whether something has to be written."""
    memory = get_memory(session_id)
    if memory is None or memory.written is None:
        return not is_passive(request) or _expiry_changed(memory, timedelta(0))
    now, limits, interval = _now(memory)
    if now - memory.written >= interval or _expiry_changed(memory, interval):
        return not is_passive(request) or _expiry_changed(memory, interval)
    if (limits is None or limits.idle_timeout is not None) and not is_passive(request):
        memory.seen = now
    return False


def touch(session_id: UUID, request: HttpRequest) -> bool:
    """Write that a session is being used now, and how long it lives since it was saved, unless
    another process has just done so; whether this one did."""
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
        # New here, so others may have written it just now. Even an UPDATE of nothing would wait for
        # an ending that is open, on MariaDB, which locks what it looks at; a SELECT does not.
        written = row.exclude(stale).values_list("last_seen_at", flat=True).first()
    done = written is None and bool(row.filter(stale).update(**changes))
    memory.expires_written = memory.expires
    if active and (done or (limits is not None and limits.idle_timeout is None)):
        memory.written = now
    elif active:
        # As soon as the row is an interval old it is to be written again, or others, who know
        # nothing else, would take the session for idle too early.
        memory.written = written or row.values_list("last_seen_at", flat=True).first() or now
    return done


def _memory(session_id: UUID) -> Memory:
    memory = _memories.get(session_id)
    if memory is None:
        memory = _memories[session_id] = Memory()
    return memory


def _now(memory: Memory) -> tuple[datetime, Limits | None, timedelta]:
    given = logout_settings()
    limits = memory.limits
    if not timeouts.depend_on_user(given):
        limits = timeouts.limits_for(given, None, None)
    return timezone.now(), limits, timeouts.touch_interval(given, limits)


def _expiry_changed(memory: Memory | None, interval: timedelta) -> bool:
    """Whether the session's end has moved by an interval since it was written."""
    if memory is None or memory.expires is None:
        return False
    written = memory.expires_written
    return written is None or abs(memory.expires - written) >= interval


# Requests that a page makes by itself: they are checked, but are nobody's activity.


def is_passive(request: HttpRequest) -> bool:
    """Whether ``PASSIVE_URLS`` names this request: by its path, if the entry starts with a slash,
    else by the name of its view, namespaces included. ``*`` stands for anything."""
    match = getattr(request, "resolver_match", None)  # none: no view was reached
    if match is not None and match.url_name in OURS and request.method in {"GET", "HEAD"}:
        return True
    path, name = request.path_info, match.view_name if match is not None else ""
    return any(
        fnmatchcase(path if entry.startswith("/") else name, entry)
        for entry in logout_settings().PASSIVE_URLS
    )
