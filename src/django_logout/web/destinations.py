"""Send browsers on after a logout, to where another app says (``hooks.destinations``)."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from django_logout import hooks
from django_logout.hooks import Destination

logger = logging.getLogger("django_logout")


def find_destination(request: HttpRequest, next_url: Callable[[], str] = str) -> Destination | None:
    """Return where the browser goes after the logout, or ``None``. To be called before it.

    ``next_url`` returns where the user would go otherwise, and is only called if that matters. An app
    that fails is logged: no hook may keep a user logged in.
    """
    for find in hooks.destinations:
        try:
            if (found := find(request, next_url)) is not None:
                return found
        except Exception:
            logger.exception("Where to go after logging out could not be found out.")
    return None


def destination_details(destination: Destination, next_url: str) -> dict[str, Any]:
    """Return the details of the notice that sends a browser there."""
    return {
        "redirect_to": destination.url or next_url,
        "form_url": destination.form_url,
        "fields": destination.fields,
        "note": destination.warning,
    }
