"""The place of an address: only if the project wants it, and never at the cost of the page."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from django_logout.sessions import places
from django_logout.sessions.places import find_place

ADDRESS = "203.0.113.0"


class AddressNotFoundError(Exception):
    """As the library of MaxMind names it."""


class Database:
    """A stand-in for ``django.contrib.gis.geoip2.GeoIP2``."""

    is_city = True

    def city(self, address: str) -> dict[str, Any]:
        """Know one network, and fail for another."""
        if address == ADDRESS:
            return {"city": "Lisbon", "country_name": "Portugal"}
        if address == "192.0.2.0":
            raise OSError("The file is damaged.")
        raise AddressNotFoundError(address)


class Countries(Database):
    """A database without cities."""

    is_city = False

    def country(self, address: str) -> dict[str, Any]:
        """Know each country."""
        return {"country_name": "Portugal"}


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a class in the place of Django's."""

    def used(database: Any) -> None:
        module = SimpleNamespace(GeoIP2=database)
        monkeypatch.setattr(places, "import_module", lambda name: module)
        settings.GEOIP_PATH = "/a/folder"

    return used


@pytest.mark.parametrize(
    ("database", "place"), [(Database, "Lisbon, Portugal"), (Countries, "Portugal")]
)
def test_a_place_is_named_as_far_as_it_is_known(use: Any, database: Any, place: str) -> None:
    """By its city and country, or by its country."""
    use(database)
    assert find_place(ADDRESS) == place
    assert find_place(None) == ""


def test_nothing_is_looked_up_unless_the_project_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default: the library is not even imported."""
    monkeypatch.setattr(places, "import_module", pytest.fail)
    assert find_place(ADDRESS) == ""


def test_an_unknown_address_has_no_place(use: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Which is usual, and no failure."""
    use(Database)
    assert find_place("10.0.0.0") == ""
    assert caplog.records == []


def test_a_failure_is_logged_once(use: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not with each row of each page."""
    use(Database)
    assert [find_place("192.0.2.0") for _ in range(3)] == ["", "", ""]
    (record,) = caplog.records
    assert "The file is damaged." in record.message
    assert find_place(ADDRESS) == "Lisbon, Portugal"


def test_a_folder_without_a_database(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Or a missing library: the same, with Django's own class."""
    settings.GEOIP_PATH = str(tmp_path)
    assert [find_place(ADDRESS) for _ in range(3)] == ["", "", ""]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "GEOIP_PATH" in record.message
