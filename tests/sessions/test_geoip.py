"""The place of an address, by Django's own classes and a database of MaxMind's for tests."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from django_logout.models import LoginSession
from django_logout.sessions.places import find_place
from tests.clients import SESSIONS

pytestmark = pytest.mark.needs("geoip2")
HERE = Path(__file__).parent
#: In the database.
ADDRESS = "2.125.160.217"


@pytest.fixture
def cities(settings: Any) -> None:
    """Use a database of cities."""
    settings.GEOIP_PATH = str(HERE / "data")
    settings.GEOIP_CITY = "GeoLite2-City-Test.mmdb"


@pytest.mark.usefixtures("cities")
def test_a_city_is_named() -> None:
    """With its country; addresses that the database does not have are nowhere."""
    assert find_place(ADDRESS) == "Boxford, United Kingdom"
    assert find_place("192.0.2.1") == ""
    assert find_place("10.0.0.1") == ""


@pytest.mark.usefixtures("cities")
def test_the_page_shows_the_place(user: Any) -> None:
    """Of this session, beside its address."""
    client = Client()
    client.force_login(user)
    LoginSession.objects.update(ip_address=ADDRESS)

    page = client.get(SESSIONS).content.decode()

    assert "Boxford, United Kingdom" in page
