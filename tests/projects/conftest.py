"""Fixtures of every project: each runs in a pytest process of its own, named by ``--ds``."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import get_resolver

pytest.register_assert_rewrite("tests.projects.journeys", "tests.projects.impersonation_steps")


@pytest.fixture(scope="session")
def django_db_use_migrations() -> bool:
    """Create the tables without migrations, because some apps' migrations take longer than the
    tests."""
    return False


@pytest.fixture(scope="session", autouse=True)
def _urls() -> None:
    """Load the URLs with the project's own settings, whichever test comes first.

    Some apps, such as allauth, decide while they are imported which URLs there are.
    """
    _ = get_resolver().url_patterns


@pytest.fixture(scope="session")
def provider() -> Iterator[Any]:
    """An identity provider on loopback."""
    from tests.projects import provider

    with provider.running() as server:
        yield server


@pytest.fixture
def boss(db: None) -> Any:
    """An administrator, who acts as other users."""
    return get_user_model().objects.create_superuser("boss", "boss@example.org", "pw")
