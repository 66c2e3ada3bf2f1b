"""The transactions of the project."""

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction


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
