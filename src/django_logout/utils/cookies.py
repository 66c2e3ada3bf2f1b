"""Delete cookies, and set them like the session cookie."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse


def session_cookie_attributes() -> dict[str, Any]:
    """Return the attributes of the session cookie, except its domain."""
    return {
        "path": settings.SESSION_COOKIE_PATH,
        "secure": settings.SESSION_COOKIE_SECURE,
        "samesite": settings.SESSION_COOKIE_SAMESITE,
    }


def delete_cookie(
    response: HttpResponse, name: str, *, secure: bool | None = False, **attributes: Any
) -> None:
    """Delete a cookie. ``secure`` and the other attributes are those that it was set with.

    Django's ``delete_cookie()`` leaves ``secure`` out, and browsers do not let such a header delete
    a secure cookie over HTTP (RFC 6265bis, "Leave Secure Cookies Alone").
    """
    response.delete_cookie(name, **attributes)
    if secure:
        response.cookies[name]["secure"] = True


def delete_cookie_like_session(response: HttpResponse, name: str, **attributes: Any) -> None:
    """Delete a cookie that was set with the attributes of the session cookie, and with others."""
    delete_cookie(response, name, **session_cookie_attributes(), **attributes)
