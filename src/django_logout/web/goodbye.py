"""Carry what the goodbye page says to the request that shows it.

A script logs out by a fetch and then opens the page, with a GET that knows nothing of the logout. A
signed cookie tells it, for a minute, and for that page alone.
"""

import logging
from typing import Any, TypedDict
from uuid import UUID

from django.db import Error
from django.http import HttpRequest, HttpResponse

from django_logout.models import LogoutEvent
from django_logout.sessions import registry
from django_logout.utils.cookies import Note

logger = logging.getLogger("django_logout")

COOKIE = "django_logout_goodbye"
#: For how long it is kept, in seconds.
MAX_AGE = 60


class Goodbye(TypedDict):
    """What there is to say of a logout."""

    everywhere: bool
    unsure: bool
    "Whether the browser may still have a session."
    warning: Any
    event_id: UUID | None


def keep_goodbye(request: HttpRequest, response: HttpResponse, goodbye: Goodbye) -> None:
    """Keep what there is to say for the GET of this URL that follows."""
    event_id = goodbye["event_id"]
    facts = [
        goodbye["everywhere"],
        goodbye["unsure"],
        str(goodbye["warning"]),
        event_id and event_id.hex,
    ]
    _note(request).keep(request, response, facts)


def kept_goodbye(request: HttpRequest) -> Goodbye:
    """Return what was kept, if it is still true: the user may have logged in again since."""
    kept = _note(request).read(request) or (False, False, "", None)
    everywhere, unsure, warning, event_hex = kept
    event_id = event_hex and UUID(event_hex)
    if event_id is not None and not _is_true(event_id):
        everywhere, event_id = False, None
    return Goodbye(everywhere=everywhere, unsure=unsure, warning=warning, event_id=event_id)


def forget_goodbye(request: HttpRequest, response: HttpResponse) -> None:
    """Delete what was kept, once it is shown."""
    _note(request).forget(request, response)


def _is_true(event_id: UUID) -> bool:
    """Return whether the user of an event has not logged in since. Of others nothing is known."""
    try:
        event = LogoutEvent.objects.using(registry.database()).filter(pk=event_id).first()
        if event is None or event.user_id is None:
            return False
        sessions = registry.only_active(registry.sessions()).filter(user_id=event.user_id)
        return not sessions.filter(created_at__gt=event.created_at).exists()
    except Error:
        logger.exception("Whether a user has logged in since the logout could not be found out.")
        return False


def _note(request: HttpRequest) -> Note:
    return Note(COOKIE, MAX_AGE, "django_logout.goodbye", request.path)
