"""The transactions of the project, and of this package."""

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from time import sleep
from typing import Any, TypeVar

from django.db import DatabaseError, connections, transaction

T = TypeVar("T")

#: How many times a transaction is tried, if the database asks for that.
TRIES = 3
#: The longest wait before a transaction is tried again, in milliseconds.
LONGEST_WAIT = 50

#: PostgreSQL: serialization_failure, deadlock_detected.
SQL_STATES = frozenset({"40001", "40P01"})
#: MySQL and MariaDB: ER_LOCK_DEADLOCK, ER_CHECKREAD (the record has changed since it was read).
MYSQL_ERRORS = frozenset({1213, 1020})
#: SQLite: SQLITE_LOCKED, SQLITE_LOCKED_SHAREDCACHE, SQLITE_BUSY_SNAPSHOT. With SQLITE_BUSY it has
#: waited for its timeout already.
SQLITE_ERRORS = frozenset({6, 262, 517})

_tries_left = ContextVar("django_logout_tries_left", default=0)


def in_transaction(database: str) -> bool:
    """Return whether a transaction of the project is open, which it may still roll back.

    Django's ``TestCase`` runs each test in a transaction of its own. That one is not counted, so
    that the code under test does what it does in production.
    """
    blocks = connections[database].atomic_blocks
    return not all(getattr(block, "_from_testcase", False) for block in blocks)


def call_after_commit(database: str, work: Callable[[], Any]) -> None:
    """Call ``work`` once the transaction of the project is committed. Django logs what it raises."""

    def call() -> None:  # Django logs the name of what has failed, which a partial has not.
        work()

    transaction.on_commit(call, using=database, robust=True)


def retry(work: Callable[[], T], database: str) -> T:
    """Call ``work``, and call it again if the database says that its transaction has to be repeated.

    Two transactions may have met: with an isolation level above READ COMMITTED, or in a deadlock.
    Inside a transaction nothing is repeated, since only the code that has begun it can do that.
    Raises what the last of up to three tries raises.
    """
    connection = connections[database]
    if connection.in_atomic_block or not connection.get_autocommit():
        return work()
    for left in range(TRIES - 1, 0, -1):
        token = _tries_left.set(left)
        try:
            return work()
        except DatabaseError as error:
            if not is_retryable(error):
                raise
        finally:
            _tries_left.reset(token)
        sleep(secrets.randbelow(LONGEST_WAIT) / 1000)
    return work()


def will_retry(error: Exception) -> bool:
    """Return whether the transaction that runs is repeated if this error is raised."""
    return _tries_left.get() > 0 and is_retryable(error)


def is_retryable(error: Exception) -> bool:
    """Return whether a database asks to repeat the transaction."""
    cause: Any = error.__cause__ or error
    if getattr(cause, "sqlite_errorcode", None) in SQLITE_ERRORS:
        return True
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    number = next(iter(cause.args), None)
    return state in SQL_STATES or (
        isinstance(error, DatabaseError) and isinstance(number, int) and number in MYSQL_ERRORS
    )
