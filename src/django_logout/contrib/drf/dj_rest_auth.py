"""Authenticate by the JSON web tokens in dj-rest-auth's cookies, if their login is active.

REST framework imports this module while it imports its own views. So the views in place of the
library's are in ``dj_rest_auth_views``.
"""

from collections.abc import Collection, Iterator
from typing import Any

from dj_rest_auth import jwt_auth
from dj_rest_auth.app_settings import api_settings

from django_logout.contrib.drf.jwt import SessionCheckMixin


class JWTCookieAuthentication(SessionCheckMixin, jwt_auth.JWTCookieAuthentication):
    """The library's authentication, by header or by cookie."""

    def raw_tokens(self, request: Any) -> Iterator[Any]:
        """Yield the token in the header, and those in the cookies."""
        yield from super().raw_tokens(request)
        names = (api_settings.JWT_AUTH_COOKIE, api_settings.JWT_AUTH_REFRESH_COOKIE)
        if found := [request.COOKIES[name] for name in names if name in request.COOKIES]:
            if api_settings.JWT_AUTH_COOKIE_USE_CSRF:
                self.enforce_csrf(request)
            yield from found

    def cookies_to_delete(self, names: Collection[str], *, ended: bool) -> Collection[str]:
        """Return both cookies if the login of the token has ended. An access token that has only
        expired can be refreshed."""
        if not ended:
            return names
        pair = (api_settings.JWT_AUTH_COOKIE, api_settings.JWT_AUTH_REFRESH_COOKIE)
        return [name for name in pair if name]
