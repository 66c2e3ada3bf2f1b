"""Delete what the browser of an ended session has stored: its cookie, and the site's data."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_logout.conf import logout_settings
from django_logout.guard.presented import cookie_names
from django_logout.guard.state import SessionState
from django_logout.utils.cookies import delete_cookie_like_session, session_cookie_partitioned

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


def clear_browser_data(request: HttpRequest, response: HttpResponse, state: SessionState) -> None:
    """Delete the session cookie and what ``CLEAR_SITE_DATA`` names, after a logout.

    Chromium drops the pages that it keeps for its Back button when a cookie changes. So delete the
    cookie even if it did not come with the request, but not if it belongs to another session.
    """
    session: Any = request.session
    logged_out = state.logged_out and state.by_cookie and not state.ended_elsewhere
    logged_out = logged_out and response.status_code < 500
    # A session that is not empty gets a new cookie from SessionMiddleware.
    if session.is_empty() and (
        (logged_out and _is_own_cookie(request, session)) or _is_deleted_in_part(request)
    ):
        domain = settings.SESSION_COOKIE_DOMAIN
        delete_cookie_like_session(response, settings.SESSION_COOKIE_NAME, domain=domain)
    kinds = logout_settings().CLEAR_SITE_DATA if logged_out else ()
    # Browsers ignore this header from sites that they do not trust. They trust HTTPS and their own
    # machine, and send Sec-Fetch-Site only to trusted sites, whatever proxies are in between.
    trusted = request.is_secure() or "Sec-Fetch-Site" in request.headers
    if kinds and trusted and request.method not in SAFE_METHODS and session.identity is None:
        response.headers.setdefault("Clear-Site-Data", ", ".join(f'"{kind}"' for kind in kinds))


def _is_own_cookie(request: HttpRequest, session: Any) -> bool:
    """Return whether the session cookie belongs to the request's session, or is missing."""
    name, own = settings.SESSION_COOKIE_NAME, cookie_names(session, request)
    return name in own or not (own or name in request.COOKIES)


def _is_deleted_in_part(request: HttpRequest) -> bool:
    """Return whether ``SessionMiddleware`` would delete a cookie with ``Partitioned`` without it.

    The browser would keep it. The middleware deletes it if the request has brought it and the
    session is empty, after a logout or because it had ended, and keeps what the header has already.
    """
    return settings.SESSION_COOKIE_NAME in request.COOKIES and session_cookie_partitioned()
