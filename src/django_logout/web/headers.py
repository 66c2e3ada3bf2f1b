"""What stays in a browser, as far as headers decide it: stored pages, the cookie, site data."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from django_logout.conf import logout_settings
from django_logout.decorators import STORABLE
from django_logout.guard.state import SessionState

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def forbid_storing(request: HttpRequest, session: Any, response: HttpResponse) -> None:
    """``NO_STORE``: no browser and no proxy keeps what somebody who is signed in has seen.

    What never looked at the session is the same for everybody, and stays as it is; so does what
    the project has decided itself, by a ``Cache-Control`` of its own or by ``storable``.

    A page that is fetched ahead would be shown after logging out, ``no-store`` or not: browsers
    drop those that are no success.
    """
    if not (session.accessed and logout_settings().NO_STORE and session.state.logins_seen):
        return
    if hasattr(response, STORABLE):
        return
    if not response.has_header("Cache-Control"):
        patch_cache_control(response, no_store=True, private=True)
    if "no-store" in response["Cache-Control"] and _is_fetched_ahead(request):
        response.status_code = HTTPStatus.FORBIDDEN


def clear_browser_data(request: HttpRequest, response: HttpResponse, state: SessionState) -> None:
    """With the answer to whoever has logged out: the session's cookie goes, and what
    ``CLEAR_SITE_DATA`` names.

    Chromium drops the pages that it keeps for its Back button when a cookie changes; so the
    deletion is sent although the cookie may not have come with the request.
    """
    session: Any = request.session
    if (
        not (state.logged_out and state.by_cookie)
        or state.ended_elsewhere
        or response.status_code >= 500
    ):
        return
    if session.is_empty():  # else SessionMiddleware sets a new one
        _delete_cookie(response)
    kinds = logout_settings().CLEAR_SITE_DATA
    if kinds and request.method not in SAFE and session.identity is None and _is_trusted(request):
        response.headers.setdefault("Clear-Site-Data", ", ".join(f'"{kind}"' for kind in kinds))


def _is_fetched_ahead(request: HttpRequest) -> bool:
    return "prefetch" in request.headers.get("Sec-Purpose", "")


def _delete_cookie(response: HttpResponse) -> None:
    name = settings.SESSION_COOKIE_NAME
    response.delete_cookie(
        name,
        path=settings.SESSION_COOKIE_PATH,
        domain=settings.SESSION_COOKIE_DOMAIN,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )
    if settings.SESSION_COOKIE_SECURE:
        response.cookies[name]["secure"] = True


def _is_trusted(request: HttpRequest) -> bool:
    """Whether the browser takes this site for trustworthy, and so heeds the header: HTTPS or its
    own machine. Only to such sites it sends ``Sec-Fetch-Site``, whatever proxies are between."""
    return request.is_secure() or "Sec-Fetch-Site" in request.headers
