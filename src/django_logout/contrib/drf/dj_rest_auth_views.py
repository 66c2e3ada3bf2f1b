"""Views in place of dj-rest-auth's, for JSON web tokens that end with their login."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from dj_rest_auth import jwt_auth, views
from dj_rest_auth.app_settings import api_settings
from django.contrib.auth import SESSION_KEY
from django.utils.translation import gettext as library_gettext
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException

from django_logout.contrib.drf.dj_rest_auth import JWTCookieAuthentication
from django_logout.contrib.drf.jwt import login_id_of
from django_logout.contrib.drf.jwt_serializers import TokenRefreshSerializer
from django_logout.contrib.drf.views import ExemptMixin, LenientAuthMixin
from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.guard.install import session_of
from django_logout.revokers import runner
from django_logout.revokers.cookies import delete_named_cookies
from django_logout.types import Target


class CookieTokenRefreshSerializer(jwt_auth.CookieTokenRefreshSerializer, TokenRefreshSerializer):
    """The library's serializer, which also finds the refresh token in its cookie."""


class RefreshView(jwt_auth.get_refresh_view()):
    """Use this in place of the library's ``token/refresh/``."""

    serializer_class = CookieTokenRefreshSerializer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Delete the cookies of a refresh token that is refused, since no script can."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == HTTPStatus.UNAUTHORIZED and not request.data.get("refresh"):
            pair = (api_settings.JWT_AUTH_COOKIE, api_settings.JWT_AUTH_REFRESH_COOKIE)
            delete_named_cookies(response, [name for name in pair if name])
        return response


class LogoutView(ExemptMixin, LenientAuthMixin, views.LogoutView):
    """Use this in place of the library's ``logout/``.

    It ends the logins of all tokens that it is sent, with ``SESSION_LOGIN`` or without. If there is
    nothing left to end, that is a success too.
    """

    def logout(self, request: Any) -> Any:
        """Do what the library does, then end the logins that it leaves active."""
        token_id = runner.presented(request)
        response = super().logout(request)
        tokens: list[Any] = []
        with suppress(APIException):
            tokens += JWTCookieAuthentication().raw_tokens(request)
        with suppress(APIException):
            if isinstance(request.data, Mapping):
                tokens.append(request.data.get("refresh"))
        login_ids = {login_id for raw in tokens if (login_id := login_id_of(raw))}
        for login_id in login_ids:
            target = Target.session(login_id)
            end_sessions(target, reason=Reason.USER, request=request._request)
        authenticator = request.successful_authenticator
        if isinstance(authenticator, SessionAuthentication):
            is_logged_out = SESSION_KEY not in (session_of(request) or ())
        else:
            is_logged_out = authenticator is None or token_id in login_ids
        if is_logged_out and response.status_code != 200:
            # The library did not find a token that had been revoked before.
            response.status_code = 200
            response.data = {"detail": library_gettext("Successfully logged out.")}
        return response
