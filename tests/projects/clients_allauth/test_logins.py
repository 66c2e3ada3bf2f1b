"""Logins of applications: what they are given, and what is recorded."""

import pytest

from tests.projects.client_logins import ClientLogins

pytestmark = pytest.mark.django_db(transaction=True)


class TestLogins(ClientLogins):
    """By this library."""
