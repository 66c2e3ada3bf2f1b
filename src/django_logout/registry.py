"""Which sessions there are, and the truth on each: the only module that writes session rows.

A session is known by a public UUID that lives in its own data, so a rotated key changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.crypto import salted_hmac

from django_logout import devices, engines
from django_logout.models import Cutoff, LoginSession
from django_logout.vocabulary import SESSION, EndedSession

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_logout.stored import Stored

#: Where a session keeps its public id, in its own data.
ID_KEY = "_django_logout_id"
#: And when it began, in seconds since the epoch.
BEGUN_KEY = "_django_logout_begun"
#: Every look at a session asks who it is, many times a request.
_uuid = lru_cache(maxsize=1000)(UUID)
#: Fields that an ending reads of what it has claimed.
CLAIMED = ("pk", "user_id", "kind", "session_key")
#: One moment for an adopted session: an ``authenticated_at`` later on would pass for a login.
ADOPTED = ("created_at", "authenticated_at", "last_seen_at")


class Identity(NamedTuple):
    """Who a session says it is."""

    id: UUID
    user_id: str
    registered: bool
    "Whether the id was given at login, or derived from a key that was alive before us."
    begun: float = 0
    "Seconds since the epoch; unknown, and so long ago, for what is not registered."


def database() -> str:
    """Alias of the database that holds the truth (never a replica)."""
    return router.db_for_write(LoginSession) or DEFAULT_DB_ALIAS


def identify(data: Any, key: str | None) -> Identity | None:
    """Who the session with this data and key is; ``None`` for one that nobody is logged in to."""
    if SESSION_KEY not in data:
        return None
    user_id = str(data[SESSION_KEY])
    if ID_KEY in data:
        try:
            begun = float(data.get(BEGUN_KEY, 0))
            return Identity(_uuid(data[ID_KEY]), user_id, registered=True, begun=begun)
        except (ValueError, TypeError, AttributeError):
            return Identity(uuid4(), user_id, registered=True)  # no row: refused
    if key is None:
        return None
    # The same key always gives the same id, so that a late write or a replayed cookie of an
    # adopted session is that session.
    return Identity(fingerprint(key), user_id, registered=False)


def fingerprint(key: str) -> UUID:
    """The id that is derived from a key: a keyed hash, which may be public, while the key is not."""
    digest = salted_hmac("django_logout.registry", key, algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)


def is_adopted(session_id: UUID) -> bool:
    """Whether an id was derived from a key (version 5: name-based) instead of given at login."""
    return session_id.version == 5


def register(
    session: SessionBase, user: Any, request: HttpRequest, *, session_id: UUID | None = None
) -> LoginSession:
    """Write the row of a new login and put its id into the session's data."""
    now = timezone.now()
    row = LoginSession(
        id=session_id or uuid4(),
        user=user,
        session_key=_storable_key(session),
        created_at=now,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(seconds=session.get_expiry_age()),
        backend=session.get(BACKEND_SESSION_KEY, ""),
        **devices.facts(request),
    )
    row.save(using=database(), force_insert=True)
    _mark(session, row)
    return row


def adopt(session: SessionBase, identity: Identity, request: HttpRequest | None = None) -> None:
    """Write the row of a session that was alive before us, once, whoever sees it first. Does
    nothing for a user that is gone: such a session stays without a row, and is refused."""
    user_model, now = get_user_model(), timezone.now()
    user_id = user_model._meta.pk.to_python(identity.user_id)
    if user_model._base_manager.using(database()).filter(pk=user_id).exists():
        row, _ = sessions().get_or_create(
            pk=identity.id,
            defaults={
                "user_id": user_id,
                "session_key": _storable_key(session),
                **dict.fromkeys(ADOPTED, now),
                "expires_at": now + timedelta(seconds=session.get_expiry_age()),
                "backend": session.get(BACKEND_SESSION_KEY, ""),
                **devices.facts(request),
            },
        )
        _mark(session, row)


def adopt_all(found: Iterable[tuple[Identity, Stored]], *, dry_run: bool = False) -> int:
    """Write rows of sessions that were alive before us and have none. Gives how many."""
    now, engine, pk = timezone.now(), engines.current(), get_user_model()._meta.pk
    rows = {
        identity.id: LoginSession(
            id=identity.id,
            user_id=pk.to_python(identity.user_id),
            session_key=_stored(session.key, engine),
            **dict.fromkeys(ADOPTED, now),
            expires_at=session.expires,
            backend=session.data.get(BACKEND_SESSION_KEY, ""),
        )
        for identity, session in found
    }
    for known in sessions().filter(pk__in=rows).values_list("pk", flat=True):
        del rows[known]
    if not dry_run:
        sessions().bulk_create(rows.values(), ignore_conflicts=True)
    return len(rows)


def _mark(session: SessionBase, row: LoginSession) -> None:
    session[ID_KEY] = str(row.pk)
    session[BEGUN_KEY] = 0 if is_adopted(row.pk) else row.created_at.timestamp()


def ended(*, session_id: UUID | None = None, key: str = "") -> LoginSession | None:
    """The row of a session that has ended, by its id or by its last key, with its event."""
    stored = _stored(key, engines.current())
    which = Q(pk=session_id) if session_id else Q(session_key=stored)
    rows = sessions().filter(which, ended_at__isnull=False).select_related("event")
    return rows.first() if session_id or stored else None


def exists(session_id: UUID) -> bool:
    """Whether the row is there (a login may have been rolled back)."""
    return LoginSession.objects.using(database()).filter(pk=session_id).exists()


def follow(session_id: UUID, session: SessionBase, *, before: str | None) -> bool:
    """Record that a session has a new key, if it has not ended meanwhile; else false.

    One conditional UPDATE, so that a rotation and an ending cannot both win.
    """
    came_from = fingerprint(before) if before else None
    row = alive(sessions().filter(pk=session_id))
    return bool(row.update(session_key=_storable_key(session), rotated_from=came_from))


def successors(key: str) -> list[UUID]:
    """Ids of the sessions whose key was this one before it was rotated; or is, for all we have
    heard, where the engine knows it no more: the rotation is under way."""
    rotated, stored = Q(rotated_from=fingerprint(key)), _stored(key, engines.current())
    rows = sessions().filter(rotated | Q(session_key=stored) if stored else rotated)
    return list(rows.order_by().values_list("pk", flat=True))


def sessions() -> QuerySet[LoginSession]:
    """All sessions, ended ones too."""
    return LoginSession.objects.using(database())


def alive(selection: QuerySet[LoginSession]) -> QuerySet[LoginSession]:
    """Those of the sessions that have neither ended nor been cut off with everyone's."""
    return selection.filter(is_alive())


def is_alive() -> Q:
    """The condition that a session has neither ended nor been cut off with everyone's."""
    later = Cutoff.objects.filter(user__isnull=True, before__gt=OuterRef("created_at"))
    return Q(~Exists(later), ended_at__isnull=True)


def count_before(moment: datetime, kind: str = SESSION) -> int:
    """How many sessions of a kind that began before a moment have not ended, nor been cut off
    earlier."""
    earlier = Cutoff.objects.filter(
        user__isnull=True, before__gt=OuterRef("created_at"), before__lt=moment
    )
    rows = sessions().filter(kind=kind, created_at__lt=moment, ended_at__isnull=True)
    return rows.filter(~Exists(earlier)).count()


def newest_cutoff(field: str = "before") -> Subquery:
    """When everyone was cut off last, or why, to come along with another query."""
    everyones = Cutoff.objects.filter(user__isnull=True).order_by("-before")
    return Subquery(everyones.values(field)[:1])


def end(
    selection: QuerySet[LoginSession],
    among: QuerySet[LoginSession],
    event_id: UUID,
    at: datetime,
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """Claim those of the sessions that are alive for one event: they have ended, once.

    Returns them, with the keys the registry knows. They are looked for ``among`` the same without
    the conditions that have ceased to be true. Must run in a transaction; the UPDATE comes first
    in it, so that SQLite takes its write lock at once instead of failing later.
    """
    if not alive(selection).update(ended_at=at, event_id=event_id):
        return (), ()
    # Not by the event alone: SQLite takes an index of mostly NULLs for useless, and reads it all.
    ended = among.filter(event_id=event_id, ended_at=at).order_by()
    return claimed(list(ended.values_list(*CLAIMED)))


def claimed(rows: list[Any]) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """The sessions, and the keys, in rows of what is ``CLAIMED``."""
    return (
        tuple(EndedSession(pk, user_id, kind) for pk, user_id, kind, _ in rows),
        tuple(key for *_, key in rows if key),
    )


def renew(session_id: UUID, at: datetime) -> None:
    """Its user has logged in again in a session."""
    sessions().filter(pk=session_id, ended_at=None).update(authenticated_at=at, last_seen_at=at)


def withdraw(session_id: UUID) -> None:
    """Drop the row of a login that has not come about."""
    sessions().filter(pk=session_id).delete()


def void(session_id: UUID, user: Any) -> None:
    """Use up the id of a login that is not to come about: nobody can have it any more."""
    now = timezone.now()
    row = {"user": user, "expires_at": now, "ended_at": now}
    sessions().get_or_create(pk=session_id, defaults=row)


def forget(session_id: UUID) -> None:
    """Drop the row of a session that has ended and was registered at login: it stays refused,
    since it claims an id that has no row. (An adopted one claims none, so its row is kept.)"""
    if not is_adopted(session_id):
        sessions().filter(pk=session_id, ended_at__isnull=False).delete()


def epoch() -> datetime:
    """So long ago that a cut-off at it ends no known session, and refuses those without an id."""
    return datetime.fromtimestamp(0, UTC if settings.USE_TZ else None)


def cut_off(user_ids: Iterable[Any], *, before: datetime, reason: str) -> None:
    """From now on, serve nothing of these users (``None``: of anyone) that began before then."""
    cutoffs = (Cutoff(user_id=user_id, before=before, reason=reason) for user_id in user_ids)
    while batch := list(islice(cutoffs, 1000)):
        Cutoff.objects.using(database()).bulk_create(batch)


def _storable_key(session: SessionBase) -> str:
    return _stored(session.session_key or "", engines.of(type(session)))


def _stored(key: str, engine: engines.Engine) -> str:
    """A key as the row holds it: in the clear where the session table beside it does so anyway;
    else hashed, which is enough to know it again."""
    if not key or not engine.keyed:
        return ""
    return key if engine.model is not None else str(fingerprint(key))
