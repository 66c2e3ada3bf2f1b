"""Querysets whose answers always come from the database.

Libraries such as django-cachalot and django-cacheops answer Django's queries from a cache. They
replace methods of Django's classes when the apps are ready. A session that has ended must not be
served because such a cache has not heard of it, so the methods are kept here as Django made them.
"""

from functools import partial
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)

_execute_sql = SQLCompiler.execute_sql


class UncachedQuery(Query):
    """A query that is executed as Django does it."""

    def get_compiler(self, *args: Any, **kwargs: Any) -> Any:
        """Return the compiler of the database, with Django's own ``execute_sql``."""
        compiler: Any = super().get_compiler(*args, **kwargs)
        # A database backend may have a method of its own.
        if type(compiler).execute_sql is SQLCompiler.execute_sql:
            compiler.execute_sql = partial(_execute_sql, compiler)
        return compiler


class UncachedQuerySet(QuerySet[M]):
    """A queryset that asks the database, whatever is installed."""

    # Copied before any app can replace them.
    _fetch_all = QuerySet._fetch_all
    aggregate = QuerySet.aggregate
    count = QuerySet.count
    exists = QuerySet.exists
    get = QuerySet.get
    iterator = QuerySet.iterator

    def __init__(self, model: Any = None, query: Any = None, **kwargs: Any) -> None:
        super().__init__(model, query or UncachedQuery(model), **kwargs)
