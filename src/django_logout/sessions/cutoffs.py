"""Cutoffs: no session of a user, or of any user, is served that began before one.

Cutoffs are numbered by their primary keys, and the row of a session notes the newest number that
there was when it was written. A session that has noted an older number than that of a cutoff was
written before that cutoff was committed. So neither the clock of the server that ends sessions nor
that of one that registers them has a say. Only tokens without a row are compared by time.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from itertools import chain
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from django_logout.enums import SESSION, Reason, Scope
from django_logout.models import Cutoff, LogoutEvent
from django_logout.sessions.registry import database, sessions, users
from django_logout.utils.uncached import UncachedQuerySet


def count_before(moment: datetime, kind: str = SESSION) -> int:
    """Count the sessions of a kind that the cutoff for everyone of a moment ends, because they are
    active until then."""
    cutoff = Subquery(Cutoff.objects.filter(user__isnull=True, before=moment).values("pk")[:1])
    earlier = Cutoff.objects.filter(
        user__isnull=True, pk__gt=OuterRef("newest_cutoff"), pk__lt=cutoff
    )
    rows = sessions().filter(kind=kind, newest_cutoff__lt=cutoff, ended_at__isnull=True)
    return rows.filter(~Exists(earlier)).count()


def newest_cutoff(field: str) -> Subquery:
    """Return a subquery for a field of the newest cutoff for everyone."""
    everyones = Cutoff.objects.filter(user__isnull=True).order_by("-pk")
    return Subquery(everyones.values(field)[:1])


def later_than_session(cutoffs: QuerySet[Cutoff]) -> QuerySet[Cutoff]:
    """Return those of the cutoffs before which the session of the outer query began."""
    return cutoffs.filter(pk__gt=OuterRef("newest_cutoff"), before__gt=moment_of(0))


def moment_of(seconds: float) -> datetime:
    """Return a time since the epoch as the database holds times.

    A cutoff at 0 is so early that it refuses only sessions without an id.
    """
    return datetime.fromtimestamp(seconds, UTC if settings.USE_TZ else None)


def cut_off(user_ids: Iterable[Any], *, before: datetime, reason: str) -> None:
    """Refuse every session of these users (``None``: of all users) that began before a moment."""
    cutoffs = (Cutoff(user_id=user_id, before=before, reason=reason) for user_id in user_ids)
    Cutoff.objects.using(database()).bulk_create(cutoffs, batch_size=1000)


def covering(user: Any) -> QuerySet[Cutoff]:
    """Return the cutoffs of a user, or of everyone, newest first. ``user`` is the primary key, or a
    reference to it in an outer query."""
    covers = Q(user__isnull=True) | Q(user=user)
    return UncachedQuerySet(Cutoff, using=database()).filter(covers).order_by("-pk")


def _endings_of_all() -> QuerySet[LogoutEvent]:
    """Return the events that ended all sessions of a user, or all others, newest first."""
    events: QuerySet[LogoutEvent] = UncachedQuerySet(LogoutEvent, using=database()).order_by(
        "-created_at"
    )
    return events.filter(scope__in=[Scope.USER, Scope.OTHERS])


class LastCutoff(NamedTuple):
    """When all logins of a user were last ended."""

    at: float
    "Seconds since the epoch; -inf: never."
    reason: str = Reason.CUTOFF

    def covers(self, issued: float) -> bool:
        """Return whether a token that was issued at this time is refused.

        A token knows only the second it was issued in, so one that was issued in the second of the
        ending may be from before it, and is refused.
        """
        return issued <= self.at


def last_cutoff_of(user_pk: Any) -> LastCutoff:
    """Return when, and why, all logins of a user, or of everyone, were last ended."""
    # Tokens have noted no number, only a time.
    cutoffs = covering(OuterRef("pk")).order_by("-before")
    endings = _endings_of_all().filter(user=OuterRef("pk"))
    columns = [
        *(Subquery(cutoffs.values(name)[:1]) for name in ("before", "reason")),
        *(Subquery(endings.values(name)[:1]) for name in ("created_at", "reason")),
    ]
    found = users().filter(pk=user_pk).values_list(*columns).first()
    if found is None:
        return LastCutoff(inf, Reason.DELETED)
    cuts = [LastCutoff(at.timestamp(), why) for at, why in (found[:2], found[2:]) if at is not None]
    return max(cuts, key=lambda cut: cut.at, default=LastCutoff(-inf))


def refuses_unknown(user_ids: Collection[Any]) -> set[Any]:
    """Return those of these users whose sessions from before the installation are refused."""
    cutoffs = Cutoff.objects.using(database())
    if cutoffs.filter(user__isnull=True).exists():
        return set(user_ids)
    found = (
        rows.filter(user__in=user_ids).order_by().values_list("user_id", flat=True)
        for rows in (cutoffs, _endings_of_all())
    )
    return set(chain.from_iterable(found))


def endings_seen(user_pk: Any) -> frozenset[str]:
    """Return the ids of the endings of all sessions of a user, or all others, that there have been.

    Endings are compared by these, since the clocks of two servers may differ. Costs one query.
    """
    cuts = covering(user_pk).filter(before__gt=moment_of(0)).order_by()
    endings = _endings_of_all().filter(user=user_pk).order_by()
    ids = (rows.values_list(Cast("pk", CharField()), flat=True) for rows in (cuts, endings))
    # Not every database writes a UUID with dashes.
    return frozenset(name.replace("-", "") for name in QuerySet.union(*ids, all=True))


def all_ended_since(user_pk: Any, moment: datetime, *, but: Collection[UUID] = ()) -> bool:
    """Return whether all sessions of a user, or all others, were ended since a moment that another
    app has noted, by other events than these. The clocks of the servers have to agree on it."""
    endings = _endings_of_all().filter(user=user_pk, created_at__gte=moment).exclude(pk__in=but)
    return covering(user_pk).filter(before__gte=moment).exists() or endings.exists()
