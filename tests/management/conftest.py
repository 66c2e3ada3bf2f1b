"""Fixtures for the tests of several verbs."""

from typing import Any

import pytest

from django_logout.models import LoginSession
from tests.factories import make_rows


@pytest.fixture
def two_each(user: Any, other: Any) -> list[LoginSession]:
    """Create two sessions each for ann and bob, from two networks."""
    return [
        *make_rows(user, 1, ip_address="192.0.2.0"),
        *make_rows(user, 1, ip_address="2001:db8:1::"),
        *make_rows(other, 1, ip_address="192.0.2.0"),
        *make_rows(other, 1, ip_address="198.51.100.0"),
    ]
