"""Keep a cookie that scripts can read, and that changes with each login and logout of its browser.

The script of a page notices by it a logout that no page has announced: by Django's own view, by
another application, on another subdomain. The value is random, and says nothing about the session.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import get_random_string

from django_logout.conf import logout_settings
from django_logout.guard.install import session_of
from django_logout.guard.presented import WITNESS_MISSING
from django_logout.guard.state import SessionState
from django_logout.guard.store import GuardedStore
from django_logout.utils.cookies import delete_cookie_like_session, set_cookie_like_session


def witness_name(request: HttpRequest) -> str:
    """Return the name of the cookie, for the script of a page; ``""`` if the project wants none.

    If the browser of a user lacks it, because the session is older, it is set with this response.
    """
    name = logout_settings().WITNESS_COOKIE or ""
    if name and name not in request.COOKIES:
        setattr(request, WITNESS_MISSING, True)
    return name


def update_witness(request: HttpRequest, response: HttpResponse, state: SessionState) -> None:
    """Set the cookie with a login, delete it when no user is logged in (``WITNESS_COOKIE``)."""
    name = logout_settings().WITNESS_COOKIE
    if not name or not state.by_cookie or response.status_code >= 500:
        return
    session: Any = request.session
    if session.identity is None and name in request.COOKIES:
        delete_cookie_like_session(response, name, domain=settings.SESSION_COOKIE_DOMAIN)
    elif session.identity is not None and (state.logged_in or state.adopted):
        set_witness(request, response)


def set_witness(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie to a new value, for as long as the session cookie."""
    name = logout_settings().WITNESS_COOKIE
    session = session_of(request)
    logged_in = isinstance(session, GuardedStore) and session.identity is not None
    if not name or name in response.cookies or not logged_in:
        return
    closing = session.get_expire_at_browser_close()
    age = None if closing else session.get_expiry_age()
    domain = settings.SESSION_COOKIE_DOMAIN
    set_cookie_like_session(response, name, get_random_string(12), max_age=age, domain=domain)
