"""A database that fails in the middle of an ending."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection


@contextmanager
def failing(verb: str, *words: str, error: type[Exception] = OperationalError) -> Iterator[None]:
    """The database refuses statements of a kind with these words."""

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith(verb) and all(word in sql for word in words):
            raise error("gone away")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield
