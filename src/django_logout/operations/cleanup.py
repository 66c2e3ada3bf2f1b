"""End the sessions that have expired, and delete the rows that are needed no longer.

A session stays refused after its row is deleted:

* A session that was registered at login claims an id that has no row.
* A session from before the installation claims no id. It is refused by its own row, by a cutoff,
  or by the event that ended all sessions of its user, or all but one. So its row is kept for as
  long as the engine may hold the session, and the last cutoff of each user is kept for ever. Such
  a cutoff also replaces the events. While the one session that was kept by such an event is from
  before the installation too, and still active, the event itself is kept, because the cutoff
  would refuse that session as well.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_logout import hooks
from django_logout.conf import as_timedelta, logout_settings
from django_logout.ending import pipeline
from django_logout.enums import SESSION, Reason, Scope
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.notifications.report import LINK_MAX_AGE
from django_logout.revokers import instances
from django_logout.sessions import cutoffs, engines, identity, registry, token_logins
from django_logout.types import Target
from django_logout.utils.bounded import batched_rows

#: How many rows one statement deletes.
BATCH = 1000
#: A margin for clocks that differ, and for responses that take long.
GRACE = timedelta(days=1)

Progress = Callable[[str, int, int], Any]


class Pruned(NamedTuple):
    """The result of :func:`prune_records`."""

    expired: int
    "Number of sessions that had expired, and have been ended."
    deleted: dict[str, int]
    "Number of deleted rows, by what they are."


def prune_records(
    *, dry_run: bool = False, progress: Progress = lambda what, done, total: None
) -> Pruned:
    """End expired sessions and delete old rows, or only count them.

    An interrupted run can be repeated. ``progress`` is called with what is worked on, how many
    are done, and how many there are.
    """
    expired, deleted = _end_expired(dry_run, progress), {"sessions": 0, "events": 0, "cutoffs": 0}
    limit = _history_before()
    if limit is None:
        return Pruned(expired, deleted)
    steps: list[tuple[str, QuerySet[Any], Callable[[Any, list[Any], bool], int]]] = [
        ("sessions", _ended_sessions(limit), _delete_sessions),
        ("events", _old_events(limit), _delete_events),
        ("cutoffs", _superseded_cutoffs(limit), _delete),
        *((cleanup.name, cleanup.rows(limit), _delete) for cleanup in hooks.cleanups),
    ]
    for what, rows, delete in steps:
        deleted[what], done, total = 0, 0, rows.count()
        for batch in batched_rows(rows, size=BATCH):
            deleted[what] += delete(rows.model, [pk for (pk,) in batch], dry_run)
            done += len(batch)
            progress(what, min(done, total), total)
    return Pruned(expired, deleted)


def _history_before() -> datetime | None:
    """Return the time before which an ending is history: ``RETENTION`` is over, and the oldest
    cookie or token too. Return ``None`` if rows are kept for ever."""
    retention = logout_settings().RETENTION
    if retention is None:
        return None
    lifetimes = [revoker.lifetime for revoker in instances()]
    oldest = max(timedelta(seconds=settings.SESSION_COOKIE_AGE), *lifetimes) + GRACE
    return timezone.now() - max(as_timedelta(retention), oldest)


def _end_expired(dry_run: bool, progress: Progress) -> int:
    sessions = registry.only_active(registry.sessions()).filter(_is_expired())
    table = engines.current_engine().model
    if table is not None:
        served = table._base_manager.filter(
            session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
        )
        sessions = sessions.filter(~Exists(served))
    if dry_run:
        return sessions.count()
    result = pipeline.end_sessions(
        Target.sessions(sessions), reason=Reason.EXPIRED, progress=partial(progress, "expired")
    )
    return sum(result.ended.get(kind, 0) for kind in (SESSION, token_logins.KIND))


def _is_expired() -> Q:
    # The registry learns with a delay that a session was saved: by one interval, or by two if two
    # processes serve the session.
    delay = 2 * as_timedelta(logout_settings().LAST_SEEN_INTERVAL)
    return Q(expires_at__lt=timezone.now() - GRACE - delay)


def _ended_sessions(limit: datetime) -> QuerySet[Any]:
    """Return the rows of sessions that a logout, or a cutoff for everyone, ended before then."""
    everyones = Cutoff.objects.filter(user__isnull=True, before__lt=limit)
    cut = Q(Exists(everyones.filter(pk__gt=OuterRef("newest_cutoff"))), ended_at__isnull=True)
    return _rows(LoginSession).filter(Q(ended_at__lt=limit) | cut, _is_expired())


def _old_events(limit: datetime) -> QuerySet[Any]:
    """Return the events before then, but for those that show that a link in a mail was used."""
    used = Q(reason=Reason.REPORTED, created_at__gte=timezone.now() - LINK_MAX_AGE - GRACE)
    return _rows(LogoutEvent).filter(~used, created_at__lt=limit)


def _superseded_cutoffs(limit: datetime) -> QuerySet[Any]:
    """Return the cutoffs before then that refuse nothing a later one does not refuse too."""
    later = Q(pk__gt=OuterRef("pk"), before__gte=OuterRef("before"))
    everyones = Cutoff.objects.filter(user__isnull=True)
    by_own = Exists(Cutoff.objects.filter(later, user=OuterRef("user")))
    by_everyones = Exists(everyones.filter(later))
    of_user = Q(Q(by_own) | Q(by_everyones), user__isnull=False)
    of_everyone = Q(Exists(everyones.filter(later)), user__isnull=True)
    return _rows(Cutoff).filter(of_user | of_everyone, before__lt=limit)


def _delete_sessions(model: Any, keys: list[Any], dry_run: bool) -> int:
    if not engines.current_engine().drops_expired and not _rows(Cutoff).filter(user=None).exists():
        keys = [pk for pk in keys if not identity.is_adopted(pk)]
    return _delete(model, keys, dry_run)


def _delete_events(model: Any, keys: list[Any], dry_run: bool) -> int:
    events = _rows(model).filter(pk__in=keys)
    # A user may have ended the others from a session that is older than the installation. The
    # cutoff that replaces the event would refuse that session too, so the event is kept.
    others = events.filter(scope=Scope.OTHERS).order_by()
    active = registry.only_active(registry.sessions()).filter(user_id__in=others.values("user_id"))
    owners = active.order_by().values_list("pk", "user_id")
    adopted = [user_id for pk, user_id in owners if identity.is_adopted(pk)]
    events = events.exclude(scope=Scope.OTHERS, user_id__in=adopted)
    if dry_run:
        return events.count()
    with transaction.atomic(using=registry.database()):
        refusing = events.filter(scope__in=[Scope.USER, Scope.OTHERS], user__isnull=False)
        users = set(refusing.order_by().values_list("user_id", flat=True))
        cut = _rows(Cutoff).filter(Q(user__isnull=True) | Q(user_id__in=users))
        cut_off = set(cut.values_list("user_id", flat=True))
        if None not in cut_off:
            cutoffs.cut_off(users - cut_off, before=cutoffs.moment_of(0), reason=Reason.CUTOFF)
        deleted, _ = events.delete()
    return deleted


def _delete(model: type[Any], keys: list[Any], dry_run: bool) -> int:
    if not dry_run:
        _rows(model).filter(pk__in=keys).delete()
    return len(keys)


def _rows(model: type[Any]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._base_manager.using(registry.database())
    return rows
