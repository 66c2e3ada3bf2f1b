"""Compile a queryset to SQL once, and execute it with other values each time.

Compiling takes Django longer than the database takes to execute the statement. A value that differs
each time is represented by the model field that it belongs to.
"""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

from django_logout.conf import cached_until_setting_changes
from django_logout.utils.lazy import lazy_import

# Imported with the first query outside of a transaction.
retry = lazy_import("utils.transactions.retry")


class Prepared(NamedTuple):
    """One statement, compiled for one database."""

    sql: str
    params: tuple[Any, ...]
    "The parameters; a field stands for a value that is given at execution."
    converters: tuple[tuple[int, Any, Any], ...] = ()
    "By column, the converter to Python and the expression that is passed to it."

    def with_list(self, values: Collection[Any]) -> "Prepared":
        """Return the same statement with these values, as columns hold them, in its only list, which
        has a single place."""
        places = ", ".join(["%s"] * len(values))
        sql = self.sql.replace("IN ((%s))", f"IN ({places})")
        return self._replace(sql=sql, params=tuple(values))

    def run(self, database: str, **values: Any) -> int:
        """Execute the statement and return how many rows it has changed."""
        connection = connections[database]
        work = partial(self._run, connection, self._bound(connection, values))
        # Only the code that has begun a transaction can repeat it.
        return work() if connection.in_atomic_block else retry(work, database)

    def rows(self, database: str, **values: Any) -> list[list[Any]]:
        """Execute the statement and return the rows."""
        connection = connections[database]
        work = partial(self._fetch, connection, self._bound(connection, values))
        found = work() if connection.in_atomic_block else retry(work, database)
        for row in found:
            for column, convert, expression in self.converters:
                row[column] = convert(row[column], expression, connection)
        return found

    def _run(self, connection: Any, bound: list[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, bound)
            changed: int = cursor.rowcount
        return changed

    def _fetch(self, connection: Any, bound: list[Any]) -> list[list[Any]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, bound)
            return [list(row) for row in cursor.fetchall()]

    def _bound(self, connection: Any, values: Mapping[str, Any]) -> list[Any]:
        return [
            param.get_db_prep_save(values[param.name], connection)
            if isinstance(param, Field)
            else param
            for param in self.params
        ]


class _Given(RawSQL):
    """A placeholder that equals no other; an ``IN`` lookup would drop all but one of equal ones."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def placeholder(model: Any, name: str) -> RawSQL:
    """Return the placeholder for a value of a model's field."""
    return _Given("%s", (model._meta.get_field(name),))


def prepare_select(rows: QuerySet[Any]) -> Prepared:
    """Prepare the SELECT of a queryset, for its database."""
    compiler = rows.query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    return Prepared(sql, tuple(params), _converters(compiler))


def insert(row: Model, database: str) -> None:
    """Insert a row, as ``save(force_insert=True)`` does, and send the signals of that."""
    model = type(row)
    if pre_save.has_listeners(model) or post_save.has_listeners(model):
        row.save(using=database, force_insert=True)
        return
    fields = model._meta.concrete_fields
    values = {field.name: getattr(row, field.attname) for field in fields}
    _prepare_insert(database, model).run(database, **values)
    row._state.adding, row._state.db = False, database


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _prepare_insert(database: str, model: type[Model]) -> Prepared:
    fields = model._meta.concrete_fields
    given: Any = {field.attname: placeholder(model, field.name) for field in fields}
    query = InsertQuery(model)
    query.insert_values(fields, [model(**given)])
    [(sql, params)] = query.get_compiler(database).as_sql()
    return Prepared(sql, tuple(params))


def prepare_update(
    rows: QuerySet[Any], returning: QuerySet[Any] | None = None, **changes: Any
) -> Prepared:
    """Prepare the UPDATE of a queryset.

    ``returning`` is a queryset whose columns of the changed rows are returned, on databases that
    can do that (see :func:`update_can_return`).
    """
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(changes)
    sql, params = query.get_compiler(rows.db).as_sql()
    if returning is None:
        return Prepared(sql, tuple(params))
    compiler: Any = returning.query.get_compiler(rows.db)
    compiler.pre_sql_setup()
    columns = ", ".join(column for _, (column, _), _ in compiler.select)
    return Prepared(f"{sql} RETURNING {columns}", tuple(params), _converters(compiler))


def prepare_delete(rows: QuerySet[Any]) -> Prepared:
    """Prepare the DELETE of a queryset; rows that refer to them are left alone."""
    sql, params = rows.query.chain(DeleteQuery).get_compiler(rows.db).as_sql()
    return Prepared(sql, tuple(params))


def prepare_delete_with(update: Prepared, key: str, rows: QuerySet[Any]) -> Prepared:
    """Let an UPDATE that returns its rows delete rows of another table in the same statement.

    ``key`` is the column returned by the UPDATE that holds primary keys of ``rows``. One more column
    is returned at the end: how many rows were deleted. All parts of one statement see the same
    snapshot: a row that another transaction has inserted, and committed while the UPDATE waited for
    it, is not deleted. So the caller has to compare the numbers. PostgreSQL only.
    """
    # An array is looked up by the index, whatever number of rows the planner expects.
    column = connections[rows.db].ops.quote_name(key)
    keys = f"= ANY(ARRAY(SELECT {column} FROM updated))"  # noqa: S608 (a column of a model)
    delete = prepare_delete(rows.filter(pk=_Given("%s", ()))).sql.replace("= (%s)", keys)
    parts = f"updated AS ({update.sql}), deleted AS ({delete} RETURNING 1)"
    select = f"WITH {parts} SELECT *, (SELECT count(*) FROM deleted) FROM updated"  # noqa: S608
    return update._replace(sql=select)


def can_delete_with_update(database: str) -> bool:
    """Return whether one statement can change rows of two tables."""
    return connections[database].vendor == "postgresql"


def update_can_return(database: str) -> bool:
    """Return whether an UPDATE can return the rows it changed. (MariaDB's INSERT can do that only.)"""
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
