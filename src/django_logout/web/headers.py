"""Keep the pages, cookies and data of ended sessions out of browsers, as far as headers can."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from django_logout.conf import logout_settings
from django_logout.decorators import STORABLE
from django_logout.guard.presented import cookie_names
from django_logout.guard.state import SessionState
from django_logout.utils.lazy import lazy_import

delete_cookie_like_session = lazy_import("utils.cookies.delete_cookie_like_session")

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


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


def clear_browser_data(request: HttpRequest, response: HttpResponse, state: SessionState) -> None:
    """Delete the session cookie and what ``CLEAR_SITE_DATA`` names, after a logout.

    Chromium drops the pages that it keeps for its Back button when a cookie changes. So delete the
    cookie even if it did not come with the request, but not if it belongs to another session.
    """
    session: Any = request.session
    logged_out = state.logged_out and state.by_cookie and not state.ended_elsewhere
    if not logged_out or response.status_code >= 500:
        return
    name, domain = settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_DOMAIN
    own = cookie_names(session, request)
    # A session that is not empty gets a new cookie from SessionMiddleware.
    if session.is_empty() and (name in own or not (own or name in request.COOKIES)):
        delete_cookie_like_session(response, name, domain=domain)
    kinds = logout_settings().CLEAR_SITE_DATA
    # Browsers ignore this header from sites that they do not trust. They trust HTTPS and their own
    # machine, and send Sec-Fetch-Site only to trusted sites, whatever proxies are in between.
    trusted = request.is_secure() or "Sec-Fetch-Site" in request.headers
    if kinds and trusted and request.method not in SAFE_METHODS and session.identity is None:
        response.headers.setdefault("Clear-Site-Data", ", ".join(f'"{kind}"' for kind in kinds))
