"""The row of a session on the ``db`` engine, and with it what settles whether it is alive.

Every request asks for it, and to put the question into SQL takes Django longer than the database
takes to answer. So that is done once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.signals import setting_changed
from django.db import connections
from django.db.models.expressions import RawSQL
from django.utils import timezone

from django_logout import registry


class Row(NamedTuple):
    """What Django reads of it, and what we do."""

    session_data: str
    cut_off: datetime | None
    "When everyone was cut off last."
    known: bool
    "Whether an ending would delete it: else it is a copy that the project has made."


class Given(Enum):
    """What differs from one question to the next."""

    KEY = "key"
    NOW = "now"


class Question(NamedTuple):
    """Compiled SQL, with :class:`Given` among its parameters."""

    sql: str
    params: tuple[Any, ...]
    converters: tuple[tuple[int, Any, Any], ...]
    "By column: what makes Python of it, and the expression that it has to be told."

    def first(self, database: str, given: Mapping[Any, Any]) -> list[Any] | None:
        """The first row of the answer."""
        connection = connections[database]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [given.get(param, param) for param in self.params])
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for column, convert, expression in self.converters:
            row[column] = convert(row[column], expression, connection)
        return row


def ask(model: Any, key: str | None) -> Row | None:
    """The row with this key, unless it has expired. Asked where rows are written, since a replica
    that lags knows sessions that have been deleted."""
    database = registry.database()
    now = connections[database].ops.adapt_datetimefield_value(timezone.now())
    row = _question(model, database).first(database, {Given.KEY: key, Given.NOW: now})
    return None if row is None else Row(*row)


@lru_cache(maxsize=8)
def _question(model: Any, database: str) -> Question:
    key, now = (RawSQL("%s", (given,)) for given in Given)
    rows = model.objects.using(database).filter(session_key=key, expire_date__gt=now).order_by()
    rows = rows.annotate(cut_off=registry.newest_cutoff(), known=registry.knows_key(key))
    compiler = rows.values_list("session_data", "cut_off", "known").query.get_compiler(database)
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    return Question(
        sql,
        tuple(params),
        tuple(
            (column, convert, expression)
            for column, (all_of_them, expression) in converters.items()
            for convert in all_of_them
        ),
    )


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting in {"DATABASES", "USE_TZ"}:
        _question.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_logout.row")
