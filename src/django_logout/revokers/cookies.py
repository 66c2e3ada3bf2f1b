"""Further cookies that the project wants gone with the session."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from django_logout.conf import logout_settings
from django_logout.revokers.base import Revoker
from django_logout.types import Ending

_DOOMED = "_django_logout_cookies"


class CookieRevoker(Revoker):
    """Deletes the cookies of ``LOGOUT["COOKIES"]`` that this browser has sent."""

    name = "cookie"

    def ends(self, ending: Ending) -> int:
        """Note the cookies; the middleware deletes them with the response."""
        request = ending.request
        if request is None or not ending.includes_current:
            return 0
        doomed = [
            cookie
            for cookie in map(_as_dict, logout_settings().COOKIES)
            if cookie["name"] in request.COOKIES
        ]
        setattr(request, _DOOMED, doomed)
        return len(doomed)


def delete_cookies(request: HttpRequest, response: HttpResponse) -> None:
    """Delete what an ending in this request has noted, unless it turned out to be none."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return
    for cookie in getattr(request, _DOOMED, ()):
        response.delete_cookie(
            cookie["name"],
            path=cookie.get("path", "/"),
            domain=cookie.get("domain"),
            samesite=cookie.get("samesite"),
        )


def _as_dict(cookie: str | Mapping[str, str]) -> Mapping[str, str]:
    return {"name": cookie} if isinstance(cookie, str) else cookie
