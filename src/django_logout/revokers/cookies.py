"""Delete further cookies of the project with the session."""

from collections.abc import Collection, Iterator, Mapping
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

ATTRIBUTES = ("path", "domain", "secure", "samesite", "partitioned")
_TO_DELETE = "_django_logout_cookies"


class CookieRevoker(Revoker):
    """Deletes the cookies of ``LOGOUT["DELETE_COOKIES"]`` in this browser, and those in which
    dj-rest-auth puts tokens."""

    name = "cookie"

    def revoke(self, ending: Ending) -> int:
        """Note the cookies, which :func:`delete_cookies` deletes with the response. Return the
        number of those that the browser has sent."""
        request, cookies = ending.request, list(_cookies())
        if request is None or not cookies or not ending.includes_current:
            return 0
        to_delete = [cookie for cookie in cookies if _may_exist(cookie, request)]
        setattr(request, _TO_DELETE, to_delete)
        return sum(cookie["name"] in request.COOKIES for cookie in to_delete)


def values_to_delete(request: HttpRequest) -> list[str]:
    """Return the values of the cookies that are deleted with the session, as the browser sent them."""
    if not request.COOKIES:
        return []
    sent = (request.COOKIES.get(cookie.get("name", "")) for cookie in _cookies())
    return [value for value in sent if value]


def delete_cookies(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookies that an ending in this request has noted, unless the ending failed."""
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return
    for cookie in getattr(request, _TO_DELETE, ()):
        delete_described_cookie(cookie, response)


def delete_named_cookies(response: HttpResponse, names: Collection[str]) -> None:
    """Delete these cookies, with the attributes that the project gives them if it names them.

    A cookie that the response itself sets is kept: it is a new one.
    """
    known = {cookie.get("name"): cookie for cookie in _cookies()}
    for name in names:
        if name not in response.cookies:
            delete_described_cookie(known.get(name, {"name": name}), response)


def delete_described_cookie(cookie: Cookie, response: HttpResponse) -> None:
    """Delete a cookie that is described as in ``LOGOUT["DELETE_COOKIES"]``."""
    attributes = {key: cookie[key] for key in ATTRIBUTES if key in cookie}
    delete_cookie(response, cookie["name"], **attributes)


def _cookies() -> Iterator[Cookie]:
    for cookie in logout_settings().DELETE_COOKIES:
        yield {"name": cookie} if isinstance(cookie, str) else cookie
    if not apps.is_installed("dj_rest_auth"):
        return
    given = getattr(settings, "REST_AUTH", None) or {}
    attributes = {  # with the defaults of dj-rest-auth
        "domain": given.get("JWT_AUTH_COOKIE_DOMAIN"),
        "samesite": given.get("JWT_AUTH_SAMESITE", "Lax"),
        "secure": given.get("JWT_AUTH_SECURE", False),
    }
    if name := given.get("JWT_AUTH_COOKIE"):
        yield {"name": name, **attributes}
    if name := given.get("JWT_AUTH_REFRESH_COOKIE"):
        path = given.get("JWT_AUTH_REFRESH_COOKIE_PATH", "/")
        yield {"name": name, "path": path, **attributes}


def _may_exist(cookie: Cookie, request: HttpRequest) -> bool:
    """Return whether the browser has sent a cookie, or could not send it to this path."""
    prefix = f"{cookie.get('path', '/').rstrip('/')}/"  # RFC 6265, section 5.1.4
    return cookie["name"] in request.COOKIES or not f"{request.path}/".startswith(prefix)
