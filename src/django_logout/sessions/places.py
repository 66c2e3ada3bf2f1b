"""Find the place of an address, if the project has a database of places.

That is so if it has set ``GEOIP_PATH`` for ``django.contrib.gis.geoip2``. A page is never missing
because of it: without a place, none is shown.
"""

import logging
from importlib import import_module
from typing import Any

from django.conf import settings

from django_logout.conf import cached_until_setting_changes

logger = logging.getLogger("django_logout")

SETTINGS = ("GEOIP_PATH", "GEOIP_CITY", "GEOIP_COUNTRY")


def find_place(address: str | None) -> str:
    """Return the approximate place of an address or network, as the database names it, such as
    "Lisbon, Portugal"; ``""`` if it is not known."""
    if address is None or not getattr(settings, "GEOIP_PATH", None):
        return ""
    try:
        database = _database()
        found = None if database is None else database(address)
    except Exception as error:  # noqa: BLE001 - each kind of database raises errors of its own
        # Private and test networks have no place, which is no failure.
        if type(error).__name__ != "AddressNotFoundError":
            _log_once(type(error).__name__, str(error))
        return ""
    return ", ".join(filter(None, ((found or {}).get(key) for key in ("city", "country_name"))))


@cached_until_setting_changes(*SETTINGS)
def _database() -> Any:
    """Return the function that looks an address up, or ``None`` if there is no database."""
    try:
        database = import_module("django.contrib.gis.geoip2").GeoIP2()
    except Exception as error:  # noqa: BLE001 - no library, no file, or a file of another kind
        _log_once(type(error).__name__, str(error))
        return None
    return database.city if database.is_city else database.country


@cached_until_setting_changes(*SETTINGS)
def _log_once(kind: str, message: str) -> None:
    """Log an error; the cache of this function keeps it from being logged again."""
    logger.error("Places cannot be shown, because GEOIP_PATH cannot be used: %s: %s", kind, message)
