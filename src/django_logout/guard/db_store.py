"""The guard of the ``db`` engine: one query reads the session and proves that it is active."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Subquery
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.guard.store import GuardedStore
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.sessions.sql import Prepared, placeholder, prepare_select


class FinalStore(GuardedStore):
    """A mixin for engines whose deletes are final: the row that Django loads is the proof.

    A delete cannot end sessions that were not listed, however many there are. That takes a cutoff
    for everyone, which is looked for in the same query.
    """

    model: Any

    def _get_session_from_db(self) -> Any:
        row = read_row(self.model, self.session_key)
        if row is None:
            self._session_key = None  # as Django does
        else:
            self.state.active_id = row.active_id
        return row


class Row(NamedTuple):
    """What Django reads of a session row, and what the guard reads."""

    session_data: str
    active_id: UUID | None
    "The active login that has this key. A copy that the project has made of a row has none."


def read_row(model: Any, key: str | None) -> Row | None:
    """Return the session row with this key, unless it has expired.

    It is read from the database where rows are written: a replica that lags still has sessions
    that were deleted.
    """
    database = registry.database()
    rows = _statement(model, database).rows(database, session_key=key, expire_date=timezone.now())
    return Row(*rows[0]) if rows else None


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _statement(model: Any, database: str) -> Prepared:
    key, now = placeholder(model, "session_key"), placeholder(model, "expire_date")
    rows = model.objects.using(database).filter(session_key=key, expire_date__gt=now).order_by()
    active = LoginSession.objects.filter(registry.is_active(), session_key=key)
    rows = rows.annotate(active_id=Subquery(active.order_by().values("pk")[:1]))
    return prepare_select(rows.values_list("session_data", "active_id"))
