"""The row of a session on the ``db`` engine, and with it what settles whether it is alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from django.db.models import Exists
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.guard.store import GuardedStore
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, registry
from django_logout.sessions.sql import Prepared, placeholder, select


class Row(NamedTuple):
    """What Django reads of it, and what we do."""

    session_data: str
    cut_off: datetime | None
    "When everyone was cut off last."
    known: bool
    "Whether an ending would delete it: else it is a copy that the project has made."


def ask(model: Any, key: str | None) -> Row | None:
    """The row with this key, unless it has expired. Asked where rows are written, since a replica
    that lags knows sessions that have been deleted."""
    database = registry.database()
    found = _question(model, database).rows(database, session_key=key, expire_date=timezone.now())
    return Row(*found[0]) if found else None


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _question(model: Any, database: str) -> Prepared:
    key, now = placeholder(model, "session_key"), placeholder(model, "expire_date")
    rows = model.objects.using(database).filter(session_key=key, expire_date__gt=now).order_by()
    living = LoginSession.objects.filter(session_key=key, ended_at__isnull=True)
    rows = rows.annotate(cut_off=cutoffs.newest_cutoff(), known=Exists(living))
    return select(rows.values_list("session_data", "cut_off", "known"))


class FinalStore(GuardedStore):
    """For engines whose deletes are final: the row that Django loads is the proof.

    One thing no delete does is to end sessions that nobody has listed, however many there are:
    that is a cut-off for everyone, and the newest one comes along in the same query.
    """

    model: Any

    def _get_session_from_db(self) -> Any:
        return self._found(ask(self.model, self.session_key))

    async def _aget_session_from_db(self) -> Any:
        return self._found(await sync_to_async(ask)(self.model, self.session_key))

    def _found(self, found: Row | None) -> Row | None:
        if found is None:
            self._session_key = None  # as Django does
        elif found.known:  # else it is to be asked by its id
            self.state.cut_off = found.cut_off.timestamp() if found.cut_off else 0
        return found
