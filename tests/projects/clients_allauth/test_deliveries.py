"""Applications hear of the endings of their logins."""

import pytest

from tests.projects.client_deliveries import ClientDeliveries

pytestmark = pytest.mark.django_db(transaction=True)


class TestDeliveries(ClientDeliveries):
    """By this library."""
