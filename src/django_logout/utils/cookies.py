"""Delete cookies."""

from typing import Any

from django.http import HttpResponse


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
