"""The URLs of this package's static files."""

import logging
from functools import lru_cache

from django.conf import settings
from django.templatetags.static import static

logger = logging.getLogger("django_logout")


def static_urls(*paths: str) -> list[str]:
    """Return the URLs of several static files (see :func:`static_url`)."""
    return [static_url(path) for path in paths]


def static_url(path: str) -> str:
    """Return the URL of a static file, also if the storage does not know the file.

    A strict manifest raises an error until ``collectstatic`` has run again. The page is shown
    without style then.
    """
    try:
        return static(path)
    except Exception as error:  # noqa: BLE001 - logged, once; storages raise what they like
        _log_once(path, repr(error))
        return f"{settings.STATIC_URL or '/static/'}{path}"


@lru_cache(maxsize=100)
def _log_once(path: str, error: str) -> None:
    logger.error("The static file %s has no URL. Has collectstatic been run? (%s)", path, error)
