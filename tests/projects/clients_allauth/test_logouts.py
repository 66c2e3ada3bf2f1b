"""Applications send browsers here to log out."""

import pytest

from tests.projects.client_logouts import ClientLogouts

pytestmark = pytest.mark.django_db(transaction=True)


class TestLogouts(ClientLogouts):
    """By this library."""
