"""Fixtures of every project: each runs in a pytest process of its own, named by ``--ds``."""

import pytest


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create the tables without migrations, because some apps' migrations take longer than the
    tests."""
    return False
