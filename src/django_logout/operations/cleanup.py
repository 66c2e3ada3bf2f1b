"""Delete what ended long ago; end what has expired and never came back to be told.

What is deleted stays refused. A session that was registered at its login claims an id that has
no row any more. One that claims none (it began before the package was installed) is refused by
its own row, by a cut-off, or by the event of an ending of all its user's sessions, or of all but
one: such a row is kept as long as the engine may hold the session, and of each user's cut-offs the
last one is kept for good, in the place of such events too. (While the one session that was spared
is such a session itself and lives on, its event is kept.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_logout.conf import as_timedelta, logout_settings
from django_logout.ending import pipeline
from django_logout.enums import SESSION, Reason, Scope
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.notifications.report import LINK_MAX_AGE
from django_logout.revokers import instances
from django_logout.sessions import cutoffs, engines, identity, registry, token_logins
from django_logout.types import Target

#: Rows that one statement deletes.
BATCH = 1000
#: For clocks that differ, and answers that take their time.
GRACE = timedelta(days=1)

Progress = Callable[[str, int, int], Any]


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many sessions were found to have expired, and how many rows deleted."""

    expired: int
    sessions: int = 0
    events: int = 0
    cutoffs: int = 0


def prune(*, dry_run: bool = False, progress: Progress = lambda what, done, total: None) -> Pruned:
    """Do it, or only count. Can be stopped at any moment, and begun again."""
    expired, limit = _end_expired(dry_run, progress), _limit()
    if limit is None:
        return Pruned(expired)
    steps = {
        "sessions": (_dead(limit), _delete_sessions),
        "events": (_told(limit), _delete_events),
        "cutoffs": (_covered(limit), _delete_cutoffs),
    }
    counts = {}
    for what, (rows, delete) in steps.items():
        counts[what], total = 0, rows.count()
        for batch, done in _batches(rows):
            counts[what] += delete(batch, dry_run)
            progress(what, min(done, total), total)
    return Pruned(expired, **counts)


def _of(model: type[Any]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._base_manager.using(registry.database())
    return rows


def _limit() -> datetime | None:
    """What ended before may go: past ``RETENTION``, and past the age of the oldest cookie or token."""
    retention = logout_settings().RETENTION
    if retention is None:
        return None
    ages = [revoker.lifetime for revoker in instances()]
    oldest = max(timedelta(seconds=settings.SESSION_COOKIE_AGE), *ages) + GRACE
    return timezone.now() - max(as_timedelta(retention), oldest)


def _past_expiry() -> Q:
    # When a session was saved last is written late: by so much, twice if two processes serve it.
    late = 2 * as_timedelta(logout_settings().LAST_SEEN_INTERVAL)
    return Q(expires_at__lt=timezone.now() - GRACE - late)


def _end_expired(dry_run: bool, progress: Progress) -> int:
    sessions = registry.active(registry.sessions()).filter(_past_expiry())
    table = engines.current().model
    if table is not None:
        served = table._base_manager.filter(
            session_key=OuterRef("session_key"), expire_date__gt=timezone.now()
        )
        sessions = sessions.filter(~Exists(served))
    if dry_run:
        return sessions.count()
    tell = partial(progress, "expired")
    target = Target.sessions(sessions)
    result = pipeline.end_sessions(target, reason=Reason.EXPIRED, progress=tell)
    return sum(result.ended.get(kind, 0) for kind in (SESSION, token_logins.KIND))


def _dead(limit: datetime) -> QuerySet[Any]:
    """Rows of sessions that have ended, or were cut off with everyone's."""
    everyones = Cutoff.objects.filter(user__isnull=True, before__lt=limit)
    cut = Q(Exists(everyones.filter(before__gt=OuterRef("created_at"))), ended_at__isnull=True)
    return _of(LoginSession).filter(Q(ended_at__lt=limit) | cut, _past_expiry())


def _told(limit: datetime) -> QuerySet[Any]:
    """Events that nobody asks for any more."""
    reported = Q(reason=Reason.REPORTED, created_at__gte=timezone.now() - LINK_MAX_AGE - GRACE)
    return _of(LogoutEvent).filter(~reported, created_at__lt=limit)


def _covered(limit: datetime) -> QuerySet[Any]:
    """Cut-offs that refuse nothing that a later one does not."""
    later = Q(before__gt=OuterRef("before")) | Q(before=OuterRef("before"), pk__gt=OuterRef("pk"))
    everyones = Cutoff.objects.filter(user__isnull=True)
    by_own = Exists(Cutoff.objects.filter(later, user=OuterRef("user")))
    by_everyones = Exists(everyones.filter(before__gte=OuterRef("before")))
    of_user = Q(Q(by_own) | Q(by_everyones), user__isnull=False)
    of_everyone = Q(Exists(everyones.filter(later)), user__isnull=True)
    return _of(Cutoff).filter(of_user | of_everyone, before__lt=limit)


def _delete_sessions(batch: list[Any], dry_run: bool) -> int:
    if not engines.current().drops_expired and not _of(Cutoff).filter(user=None).exists():
        batch = [pk for pk in batch if not identity.is_adopted(pk)]
    if not dry_run:
        _of(LoginSession).filter(pk__in=batch).delete()
    return len(batch)


def _delete_events(batch: list[Any], dry_run: bool) -> int:
    events = _of(LogoutEvent).filter(pk__in=batch)
    events = events.exclude(scope=Scope.OTHERS, user_id__in=_spared(events))
    if dry_run:
        return events.count()
    with transaction.atomic(using=registry.database()):
        refusing = events.filter(scope__in=[Scope.USER, Scope.OTHERS], user__isnull=False)
        users = set(refusing.order_by().values_list("user_id", flat=True))
        cut = _of(Cutoff).filter(Q(user__isnull=True) | Q(user_id__in=users))
        cut_off = set(cut.values_list("user_id", flat=True))
        if None not in cut_off:
            cutoffs.cut_off(users - cut_off, before=cutoffs.epoch(), reason=Reason.CUTOFF)
        deleted, _ = events.delete()
    return deleted


def _spared(events: QuerySet[LogoutEvent]) -> set[Any]:
    """Users who go on with a session from before our time that ended the others: a cut-off would
    refuse it with them."""
    others = events.filter(scope=Scope.OTHERS).order_by()
    theirs = registry.active(registry.sessions()).filter(user_id__in=others.values("user_id"))
    alive = theirs.order_by().values_list("pk", "user_id")
    return {user_id for pk, user_id in alive if identity.is_adopted(pk)}


def _delete_cutoffs(batch: list[Any], dry_run: bool) -> int:
    if not dry_run:
        _of(Cutoff).filter(pk__in=batch).delete()
    return len(batch)


def _batches(rows: QuerySet[Any]) -> Iterator[tuple[list[Any], int]]:
    """Keys in order, each batch asked for by where the last one ended; some may stay."""
    keys = rows.order_by("pk").values_list("pk", flat=True)
    batch, done = list(keys[:BATCH]), 0
    while batch:
        done += len(batch)
        yield batch, done
        batch = list(keys.filter(pk__gt=batch[-1])[:BATCH])
