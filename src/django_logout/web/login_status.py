"""Tell browsers whether a user is logged in, for sites that are identity providers."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_logout.conf import logout_settings
from django_logout.guard.state import SessionState


def announce_login_status(
    request: HttpRequest, response: HttpResponse, state: SessionState
) -> None:
    """Add ``Set-Login`` to a response that begins or ends the login of its browser (``LOGIN_STATUS``).

    The browser remembers the status, and asks an identity provider for accounts only while a user is
    logged in there (Federated Credential Management API, "Login Status API"). A header that the
    project sets itself is kept. Nothing is said if another tab may have logged in meanwhile.
    """
    if not logout_settings().LOGIN_STATUS or not state.by_cookie or state.ended_elsewhere:
        return
    if response.status_code >= 500:
        return
    session: Any = request.session
    # SessionMiddleware deletes the cookie of an empty session, whatever became of its login.
    gone = session.is_empty() and settings.SESSION_COOKIE_NAME in request.COOKIES
    if session.identity is None and (gone or state.logged_out or state.lost):
        response.headers.setdefault("Set-Login", "logged-out")
    elif session.identity is not None and state.logged_in:
        response.headers.setdefault("Set-Login", "logged-in")
