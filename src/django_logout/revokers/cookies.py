"""Further cookies that the project wants gone with the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from django_logout.conf import logout_settings
from django_logout.revokers.base import Revoker
from django_logout.types import Ending
from django_logout.utils.cookies import delete_cookie

Cookie = Mapping[str, Any]

ATTRIBUTES = ("path", "domain", "secure", "samesite")
_TO_DELETE = "_django_logout_cookies"


class CookieRevoker(Revoker):
    """Deletes the cookies of ``LOGOUT["DELETE_COOKIES"]`` that this browser has, and the tokens of
    dj-rest-auth."""

    name = "cookie"

    def revoke(self, ending: Ending) -> int:
        """Note the cookies; the middleware deletes them with the response. Those are counted that
        the browser has sent."""
        request = ending.request
        if request is None or not ending.includes_current:
            return 0
        doomed = [cookie for cookie in _cookies() if _may_be_there(cookie, request)]
        setattr(request, _TO_DELETE, doomed)
        return sum(cookie["name"] in request.COOKIES for cookie in doomed)


def delete_cookies(request: HttpRequest, response: HttpResponse) -> None:
    """Delete what an ending in this request has noted, unless it turned out to be none."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return
    for cookie in getattr(request, _TO_DELETE, ()):
        attributes = {key: cookie[key] for key in ATTRIBUTES if key in cookie}
        delete_cookie(response, cookie["name"], **attributes)


def _cookies() -> Iterator[Cookie]:
    for cookie in logout_settings().DELETE_COOKIES:
        yield {"name": cookie} if isinstance(cookie, str) else cookie
    if apps.is_installed("dj_rest_auth"):
        yield from _of_dj_rest_auth(getattr(settings, "REST_AUTH", None) or {})


def _of_dj_rest_auth(given: Mapping[str, Any]) -> Iterator[Cookie]:
    """The cookies that hold its JSON web tokens, as its settings say; with its defaults."""
    path = {"JWT_AUTH_REFRESH_COOKIE": given.get("JWT_AUTH_REFRESH_COOKIE_PATH", "/")}
    for key in ("JWT_AUTH_COOKIE", "JWT_AUTH_REFRESH_COOKIE"):
        if name := given.get(key):
            yield {
                "name": name,
                "path": path.get(key, "/"),
                "domain": given.get("JWT_AUTH_COOKIE_DOMAIN"),
                "samesite": given.get("JWT_AUTH_SAMESITE", "Lax"),
                "secure": given.get("JWT_AUTH_SECURE", False),
            }


def _may_be_there(cookie: Cookie, request: HttpRequest) -> bool:
    """Whether the browser has sent it, or would not have: it is for other paths than this."""
    covers = f"{cookie.get('path', '/').rstrip('/')}/"  # RFC 6265, section 5.1.4
    return cookie["name"] in request.COOKIES or not f"{request.path}/".startswith(covers)
