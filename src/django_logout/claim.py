"""The claim on one session: what a logout mostly is. Like ``registry.end``, with statements that are
put into SQL once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.core.signals import setting_changed

from django_logout import registry
from django_logout.models import LoginSession
from django_logout.prepared import Prepared, given, select, update
from django_logout.types import EndedSession


def claim(
    session_id: UUID, event_id: UUID, at: datetime
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """Claim a session for an event, if it is alive. Returns it, with the key that the registry
    knows. Must run in a transaction; the UPDATE comes first in it, as there."""
    database = registry.database()
    values = {"id": session_id, "event": event_id, "ended_at": at}
    ending, claimed = _statements(database)
    if not ending.run(database, **values):
        return (), ()
    ((pk, user_id, kind, key),) = claimed.rows(database, **values)
    return (EndedSession(pk, user_id, kind),), ((key,) if key else ())


@lru_cache(maxsize=8)
def _statements(database: str) -> tuple[Prepared, Prepared]:
    this, event, at = (given(LoginSession, name) for name in ("id", "event", "ended_at"))
    row = LoginSession.objects.using(database).filter(pk=this)
    return (
        update(registry.alive(row), event=event, ended_at=at),
        select(row.order_by().values_list("pk", "user_id", "kind", "session_key")),
    )


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting in {"DATABASES", "USE_TZ"}:
        _statements.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_logout.claim")
