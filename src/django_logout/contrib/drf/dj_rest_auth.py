"""The cookies with JSON web tokens of dj-rest-auth, asked whether their login has ended."""

from __future__ import annotations

from dj_rest_auth import jwt_auth

from django_logout.contrib.drf.jwt import AsksGate
from django_logout.contrib.drf.jwt_serializers import TokenRefreshSerializer


class JWTCookieAuthentication(AsksGate, jwt_auth.JWTCookieAuthentication):
    """The library's, by header or by cookie."""


class CookieTokenRefreshSerializer(jwt_auth.CookieTokenRefreshSerializer, TokenRefreshSerializer):
    """The library's, which finds the refresh token in its cookie too."""


class RefreshView(jwt_auth.get_refresh_view()):
    """In the place of the library's ``token/refresh/``."""

    serializer_class = CookieTokenRefreshSerializer
