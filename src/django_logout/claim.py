"""The claim on one session, or on those of one user: what most endings are. Like ``registry.end``,
with statements that are put into SQL once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django_logout import registry
from django_logout.conf import remembered
from django_logout.models import LoginSession
from django_logout.prepared import Prepared, given, select, tells, update
from django_logout.vocabulary import EndedSession


def claim(
    field: str, value: Any, event_id: UUID, at: datetime
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """Claim the sessions with a value (of ``id`` or ``user``) for an event, if they are alive.
    Returns what ``registry.end`` does, and must run in a transaction, too."""
    database = registry.database()
    values = {field: value, "event": event_id, "ended_at": at}
    ending, claimed = _statements(database, field)
    if claimed is None:
        return registry.claimed(ending.rows(database, **values))
    if not ending.run(database, **values):
        return (), ()
    return registry.claimed(claimed.rows(database, **values))


@remembered("DATABASES", "USE_TZ")
def _statements(database: str, field: str) -> tuple[Prepared, Prepared | None]:
    """The UPDATE, and the question what it has changed, where it does not tell that itself."""
    value, event, at = (given(LoginSession, name) for name in (field, "event", "ended_at"))
    rows = LoginSession.objects.using(database).filter(**{field: value})
    ended = rows.filter(event=event, ended_at=at).order_by().values_list(*registry.CLAIMED)
    if tells(database):
        return update(registry.alive(rows), told=ended, event=event, ended_at=at), None
    return update(registry.alive(rows), event=event, ended_at=at), select(ended)
