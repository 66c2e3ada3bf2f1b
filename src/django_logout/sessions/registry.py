"""Which sessions there are, and the truth on each: the only module that writes session rows.

A session is known by a public UUID that lives in its own data, so a rotated key changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model
from django.contrib.sessions.backends.base import SessionBase
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.models import Cutoff, LoginSession
from django_logout.sessions import engines
from django_logout.sessions.identity import (
    ID_KEY,
    STARTED_AT_KEY,
    Identity,
    fingerprint,
    is_adopted,
)
from django_logout.sessions.sql import Prepared, placeholder, select, update, update_can_return
from django_logout.types import EndedSession
from django_logout.utils.lazy import lazy_import

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_logout.sessions.engines import StoredSession

# Loaded with the first login, which alone needs it.
request_facts = lazy_import("sessions.devices.facts")

#: Fields that an ending reads of what it has claimed.
END_RETURNING = ("pk", "user_id", "kind", "session_key")
#: One moment for an adopted session: an ``authenticated_at`` later on would pass for a login.
START_FIELDS = ("created_at", "authenticated_at", "last_seen_at")


def database() -> str:
    """Alias of the database that holds the truth (never a replica)."""
    return router.db_for_write(LoginSession) or DEFAULT_DB_ALIAS


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
        **request_facts(request),
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
                **dict.fromkeys(START_FIELDS, now),
                "expires_at": now + timedelta(seconds=session.get_expiry_age()),
                "backend": session.get(BACKEND_SESSION_KEY, ""),
                **request_facts(request),
            },
        )
        _mark(session, row)


def adopt_all(found: Iterable[tuple[Identity, StoredSession]], *, dry_run: bool = False) -> int:
    """Write rows of sessions that were alive before us and have none. Gives how many."""
    now, engine, pk = timezone.now(), engines.current(), get_user_model()._meta.pk
    rows = {
        identity.id: LoginSession(
            id=identity.id,
            user_id=pk.to_python(identity.user_id),
            session_key=_stored(session.key, engine),
            **dict.fromkeys(START_FIELDS, now),
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
    session[STARTED_AT_KEY] = 0 if is_adopted(row.pk) else row.created_at.timestamp()


def ended(*, session_id: UUID | None = None, key: str = "") -> LoginSession | None:
    """The row of a session that has ended, by its id or by its last key, with its event."""
    stored = _stored(key, engines.current())
    which = Q(pk=session_id) if session_id else Q(session_key=stored)
    rows = sessions().filter(which, ended_at__isnull=False).select_related("event")
    return rows.first() if session_id or stored else None


def exists(session_id: UUID) -> bool:
    """Whether the row is there (a login may have been rolled back)."""
    return LoginSession.objects.using(database()).filter(pk=session_id).exists()


def record_new_key(session_id: UUID, session: SessionBase, *, before: str | None) -> bool:
    """Record that a session has a new key, if it has not ended meanwhile; else false.

    One conditional UPDATE, so that a rotation and an ending cannot both win.
    """
    came_from = fingerprint(before) if before else None
    row = active(sessions().filter(pk=session_id))
    return bool(row.update(session_key=_storable_key(session), rotated_from=came_from))


def ids_by_previous_key(key: str) -> list[UUID]:
    """Ids of the sessions whose key was this one before it was rotated; or is, for all we have
    heard, where the engine knows it no more: the rotation is under way."""
    rotated, stored = Q(rotated_from=fingerprint(key)), _stored(key, engines.current())
    rows = sessions().filter(rotated | Q(session_key=stored) if stored else rotated)
    return list(rows.order_by().values_list("pk", flat=True))


def sessions() -> QuerySet[LoginSession]:
    """All sessions, ended ones too."""
    return LoginSession.objects.using(database())


def active(selection: QuerySet[LoginSession]) -> QuerySet[LoginSession]:
    """Those of the sessions that have neither ended nor been cut off with everyone's."""
    return selection.filter(is_active())


def is_active() -> Q:
    """The condition that a session has neither ended nor been cut off with everyone's."""
    later = Cutoff.objects.filter(user__isnull=True, before__gt=OuterRef("created_at"))
    return Q(~Exists(later), ended_at__isnull=True)


def end_rows(
    event_id: UUID,
    at: datetime,
    rows: QuerySet[LoginSession] | None = None,
    *,
    unfiltered: QuerySet[LoginSession] | None = None,
    lookup: tuple[str, Any] | None = None,
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """Mark sessions that are active as ended by one event, and return them and their keys.

    Each session is ended once, by one event. The sessions are ``rows``, or those that ``lookup``
    selects by a field (``id`` or ``user``) and its value; then the statement is prepared.
    ``unfiltered`` are the rows without conditions that the UPDATE may make false.

    Must run in a transaction. The UPDATE is its first statement, so that SQLite takes the write
    lock at once instead of failing when it upgrades a read lock.
    """
    using = database()
    if lookup is not None:
        field, value = lookup
        values = {field: value, "event": event_id, "ended_at": at}
        ending, look = _end_statements(using, field)
        if look is None:
            ended = ending.rows(using, **values)
        else:
            ended = look.rows(using, **values) if ending.run(using, **values) else []
    elif rows is not None and active(rows).update(ended_at=at, event_id=event_id):
        found = (rows if unfiltered is None else unfiltered).order_by()
        # Not by the event alone: for SQLite an index of mostly NULLs is useless, so it scans.
        found = found.filter(event_id=event_id, ended_at=at)
        ended = list(found.values_list(*END_RETURNING))
    else:
        ended = []
    sessions = tuple(EndedSession(pk, user_id, kind) for pk, user_id, kind, _ in ended)
    return sessions, tuple(key for *_, key in ended if key)


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _end_statements(database: str, field: str) -> tuple[Prepared, Prepared | None]:
    """Prepare the UPDATE, and the SELECT of what it changed if it cannot return that itself."""
    value, event, at = (placeholder(LoginSession, name) for name in (field, "event", "ended_at"))
    rows = LoginSession.objects.using(database).filter(**{field: value})
    ended = rows.filter(event=event, ended_at=at).order_by().values_list(*END_RETURNING)
    if update_can_return(database):
        return update(active(rows), returning=ended, event=event, ended_at=at), None
    return update(active(rows), event=event, ended_at=at), select(ended)


def record_relogin(session_id: UUID, at: datetime) -> None:
    """Its user has logged in again in a session."""
    sessions().filter(pk=session_id, ended_at=None).update(authenticated_at=at, last_seen_at=at)


def delete_unfinished_login(session_id: UUID) -> None:
    """Drop the row of a login that has not come about."""
    sessions().filter(pk=session_id).delete()


def burn_login_id(session_id: UUID, user: Any) -> None:
    """Use up the id of a login that is not to come about: nobody can have it any more."""
    now = timezone.now()
    row = {"user": user, "expires_at": now, "ended_at": now}
    sessions().get_or_create(pk=session_id, defaults=row)


def delete_ended_row(session_id: UUID) -> None:
    """Drop the row of a session that has ended and was registered at login: it stays refused,
    since it claims an id that has no row. (An adopted one claims none, so its row is kept.)"""
    if not is_adopted(session_id):
        sessions().filter(pk=session_id, ended_at__isnull=False).delete()


def _storable_key(session: SessionBase) -> str:
    return _stored(session.session_key or "", engines.of(type(session)))


def _stored(key: str, engine: engines.Engine) -> str:
    """A key as the row holds it: in the clear where the session table beside it does so anyway;
    else hashed, which is enough to know it again."""
    if not key or not engine.keyed:
        return ""
    return key if engine.model is not None else str(fingerprint(key))
