"""Authenticate by the access tokens of apps (allauth.headless), if their session is active."""

from typing import Any

from allauth.headless.contrib.rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from django_logout.contrib.drf.problems import as_problems
from django_logout.contrib.headless import find_session, find_user, why_ended
from django_logout.exceptions import TokenRefused


class JWTTokenAuthentication(authentication.JWTTokenAuthentication):
    """allauth's class trusts an access token until it expires. This one checks its session.

    The status is 401 with ``"reason"`` if the session has ended, and 503 if its status is unknown.
    """

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """Return the user of the session and the payload of the token."""
        _, payload = super().authenticate_credentials(key)
        with as_problems():
            session = find_session(key)
            if user := find_user(session):
                return user, payload
            if reason := why_ended(session):
                raise TokenRefused(reason)
        raise AuthenticationFailed
