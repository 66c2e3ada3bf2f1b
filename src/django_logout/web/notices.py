"""The notices of the sessions page: the messages of the project, or else one kept in a cookie.

A page that follows a redirect says what has happened. Without ``django.contrib.messages``, a signed
cookie holds that sentence until the page is shown. It says nothing of a session.
"""

from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse

from django_logout.responses.base import REAUTHENTICATE_TAG
from django_logout.utils.cookies import Note

COOKIE = "django_logout_notice"

#: How long the page may take to load after the redirect, in seconds.
MAX_AGE = 60


def keep_notice(request: HttpRequest, response: HttpResponse, text: str, path: str) -> None:
    """Keep a sentence for the page at ``path``, unless the project has messages for that."""
    if not hasattr(request, "_messages"):
        _note(request, path).keep(request, response, text)


def read_notices(request: HttpRequest) -> list[Any]:
    """Return what has happened since the last page, without the message that asks for a new login:
    the page asks for that itself, or the user has logged in since."""
    if hasattr(request, "_messages"):
        return [found for found in get_messages(request) if REAUTHENTICATE_TAG not in found.tags]
    kept = _note(request).read(request)
    return [] if kept is None else [kept]


def delete_notice(request: HttpRequest, response: HttpResponse, path: str) -> None:
    """Delete the cookie once its page is shown."""
    _note(request, path).forget(request, response)


def _note(request: HttpRequest, path: str = "/") -> Note:
    # With this salt no other user of this browser reads the sentence.
    user: Any = request.user
    return Note(COOKIE, MAX_AGE, f"django_logout.notices:{user.pk}", path)
