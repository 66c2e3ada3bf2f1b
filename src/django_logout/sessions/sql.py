"""Statements that are put into SQL once, and executed with other values each time: to put one into
SQL takes Django longer than the database takes to execute it.

What differs from one time to the next stands in them as the model's field that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Field, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.sql import DeleteQuery, UpdateQuery


class Prepared(NamedTuple):
    """One statement, compiled for one database."""

    sql: str
    params: tuple[Any, ...]
    "With fields among them, where a value is to be given."
    converters: tuple[tuple[int, Any, Any], ...] = ()
    "By column: what makes Python of it, and the expression that it has to be told."

    def run(self, database: str, *in_order: Any, **values: Any) -> int:
        """Execute it with values by the names of their fields, or in the order of their places;
        how many rows it has changed."""
        connection = connections[database]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._bound(connection, values, in_order))
            changed: int = cursor.rowcount
        return changed

    def rows(self, database: str, **values: Any) -> list[list[Any]]:
        """The same; what it has found."""
        connection = connections[database]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._bound(connection, values))
            found = [list(row) for row in cursor.fetchall()]
        for row in found:
            for column, convert, expression in self.converters:
                row[column] = convert(row[column], expression, connection)
        return found

    def _bound(
        self, connection: Any, values: Mapping[str, Any], in_order: Iterable[Any] = ()
    ) -> list[Any]:
        left = iter(in_order)
        return [
            param.get_db_prep_save(
                values[param.name] if param.name in values else next(left), connection
            )
            if isinstance(param, Field)
            else param
            for param in self.params
        ]


class _Given(RawSQL):
    """No two of them are the same: a query that asks for one of many would keep one only."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def placeholder(model: Any, name: str) -> RawSQL:
    """The place of a value in a query that is to be prepared."""
    return _Given("%s", (model._meta.get_field(name),))


def select(rows: QuerySet[Any]) -> Prepared:
    """Prepare what a queryset would ask, for its database."""
    compiler = rows.query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    return Prepared(sql, tuple(params), _converters(compiler))


def update(rows: QuerySet[Any], returning: QuerySet[Any] | None = None, **changes: Any) -> Prepared:
    """Prepare what its ``update()`` would execute; and what is told of the rows that it changes,
    by their columns in another queryset (see :func:`update_can_return`)."""
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(changes)
    sql, params = query.get_compiler(rows.db).as_sql()
    if returning is None:
        return Prepared(sql, tuple(params))
    compiler: Any = returning.query.get_compiler(rows.db)
    compiler.pre_sql_setup()
    columns = ", ".join(column for _, (column, _), _ in compiler.select)
    return Prepared(f"{sql} RETURNING {columns}", tuple(params), _converters(compiler))


def delete(rows: QuerySet[Any]) -> Prepared:
    """Prepare the DELETE of a queryset of rows that nothing else goes with."""
    sql, params = rows.query.chain(DeleteQuery).get_compiler(rows.db).as_sql()
    return Prepared(sql, tuple(params))


def update_can_return(database: str) -> bool:
    """Whether an UPDATE can tell what it has changed. (MariaDB's INSERT can, its UPDATE cannot.)"""
    connection = connections[database]
    inserts = connection.features.can_return_columns_from_insert
    return inserts and connection.vendor in {"postgresql", "sqlite"}


def _converters(compiler: Any) -> tuple[tuple[int, Any, Any], ...]:
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    return tuple(
        (column, convert, expression)
        for column, (all_of_them, expression) in converters.items()
        for convert in all_of_them
    )
