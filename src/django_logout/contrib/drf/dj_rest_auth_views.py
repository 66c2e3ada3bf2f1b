"""Views in the place of dj-rest-auth's, whose JSON web tokens end with their login."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from dj_rest_auth import jwt_auth, views
from django.contrib.auth import SESSION_KEY
from django.utils.translation import gettext as in_its_words
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException

from django_logout.contrib.drf.dj_rest_auth import JWTCookieAuthentication
from django_logout.contrib.drf.jwt import login_of
from django_logout.contrib.drf.jwt_serializers import TokenRefreshSerializer
from django_logout.contrib.drf.views import LenientAuthMixin
from django_logout.decorators import exempt
from django_logout.ending.pipeline import end_sessions
from django_logout.revokers import runner
from django_logout.types import Target


class CookieTokenRefreshSerializer(jwt_auth.CookieTokenRefreshSerializer, TokenRefreshSerializer):
    """The library's, which finds the refresh token in its cookie too."""


class RefreshView(jwt_auth.get_refresh_view()):
    """In the place of the library's ``token/refresh/``."""

    serializer_class = CookieTokenRefreshSerializer


class LogoutView(LenientAuthMixin, views.LogoutView):
    """In the place of the library's ``logout/``. Ends the logins of all tokens that it is sent,
    with ``SESSION_LOGIN`` or without. If there is nothing left to end, that is success too."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view, in no transaction that could take back what has ended."""
        return exempt(super().as_view(**initkwargs))

    def logout(self, request: Any) -> Any:
        """What the library does, then what it leaves."""
        token_id = runner.presented(request)
        response = super().logout(request)
        ended = _logins(request)
        for login in ended:
            end_sessions(Target.session(login), request=request._request)
        is_out = _is_nobody(request) or token_id in ended
        if is_out and response.status_code != 200:  # it did not find what had ended before
            response.status_code = 200
            response.data = {"detail": in_its_words("Successfully logged out.")}
        return response


def _is_nobody(request: Any) -> bool:
    """Whether nothing let the client in, or a session that has ended with this request."""
    way = request.successful_authenticator
    if isinstance(way, SessionAuthentication):
        return SESSION_KEY not in request.session
    return way is None


def _logins(request: Any) -> set[UUID]:
    found: list[Any] = []
    with suppress(APIException):
        found += JWTCookieAuthentication().raw_tokens(request)
    with suppress(APIException):
        if isinstance(request.data, Mapping):
            found.append(request.data.get("refresh"))
    return {login for raw in found if (login := login_of(raw)) is not None}
