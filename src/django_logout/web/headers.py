"""Keep the pages of ended sessions out of browsers, as far as headers can."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from django_logout.conf import logout_settings
from django_logout.decorators import STORABLE


def forbid_storing(request: HttpRequest, session: Any, response: HttpResponse) -> None:
    """Keep browsers and proxies from storing what a logged-in user has seen (``NO_STORE``).

    Leave a response alone if the view never read the session, because then it is the same for
    every client, or if the project has decided itself, by a ``Cache-Control`` or by ``storable``.
    """
    if not (session.accessed and logout_settings().NO_STORE and session.state.logins_seen):
        return
    if hasattr(response, STORABLE):
        return
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, no_store=True, private=True)
    prefetched = "prefetch" in request.headers.get("Sec-Purpose", "")
    if prefetched and "no-store" in response["Cache-Control"]:
        # Browsers show a prefetched page even after a logout and in spite of no-store. They drop
        # it if its status is an error.
        response.status_code = HTTPStatus.FORBIDDEN


def withdraws_cookie(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether a response deletes the cookie of the request's session.

    The project has done it, or an app that logs out so. Django sets the cookie again if it saves
    the session afterwards.
    """
    deleted = [name for name, morsel in response.cookies.items() if not morsel.value]
    if not deleted or settings.SESSION_SAVE_EVERY_REQUEST:
        return False
    session: Any = getattr(request, "session", None)
    key = getattr(session, "presented_key", None)
    presented = (request.COOKIES.get(name) for name in deleted)
    return key is not None and key in presented and not session.modified
