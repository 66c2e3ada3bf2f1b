"""Carry what the goodbye page says to the request that shows it.

A script logs out by a fetch and then opens the page, with a GET that knows nothing of the logout. A
signed cookie tells it, for a minute, and for that page alone.
"""

from typing import TypedDict
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from django_logout.utils.cookies import Note

COOKIE = "django_logout_goodbye"
#: For how long it is kept, in seconds.
MAX_AGE = 60


class Goodbye(TypedDict):
    """What there is to say of a logout."""

    everywhere: bool
    event_id: UUID | None


def keep_goodbye(request: HttpRequest, response: HttpResponse, goodbye: Goodbye) -> None:
    """Keep what there is to say for the GET of this URL that follows."""
    event_id = goodbye["event_id"]
    facts = [goodbye["everywhere"], None if event_id is None else event_id.hex]
    _note(request).keep(request, response, facts)


def kept_goodbye(request: HttpRequest) -> Goodbye:
    """Return what was kept; if nothing was, there is nothing to say."""
    everywhere, event_id = _note(request).read(request) or (False, None)
    return Goodbye(everywhere=everywhere, event_id=event_id and UUID(event_id))


def forget_goodbye(request: HttpRequest, response: HttpResponse) -> None:
    """Delete what was kept, once it is shown."""
    _note(request).forget(request, response)


def _note(request: HttpRequest) -> Note:
    return Note(COOKIE, MAX_AGE, "django_logout.goodbye", request.path)
