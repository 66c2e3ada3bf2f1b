"""The transactions of the project."""

from django.db import connections


def in_transaction(database: str) -> bool:
    """Return whether a transaction of the project is open, which it may still roll back.

    Django's ``TestCase`` runs each test in a transaction of its own. That one is not counted, so
    that the code under test does what it does in production.
    """
    blocks = connections[database].atomic_blocks
    return not all(getattr(block, "_from_testcase", False) for block in blocks)
