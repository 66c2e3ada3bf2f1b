"""Authentication by the access tokens of apps (allauth.headless), which ends with their session."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed

from django_logout.contrib.drf.problems import as_problems
from django_logout.contrib.headless import session_of, user_of, why_ended
from django_logout.exceptions import TokenRefused


class JWTTokenAuthentication(authentication.JWTTokenAuthentication):
    """allauth's, which believes an access token by itself; ours asks for its session.

    An ended session is 401 with ``"reason"``; where nobody can tell, 503.
    """

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """The user of the session, and what the token says."""
        _, payload = super().authenticate_credentials(key)
        with as_problems():
            session = session_of(key)
            if user := user_of(session):
                return user, payload
            if reason := why_ended(session):
                raise TokenRefused(reason)
        raise AuthenticationFailed
