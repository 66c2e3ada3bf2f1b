"""Authentication by the access tokens of apps (allauth.headless), which ends with their session."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.rest_framework import authentication
from django.contrib.auth import get_user
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from django_logout import companions
from django_logout.contrib.drf.problems import as_problems
from django_logout.contrib.headless import session_of
from django_logout.exceptions import TokenRefused


class JWTTokenAuthentication(authentication.JWTTokenAuthentication):
    """allauth's, which believes an access token by itself; ours asks for its session.

    An ended session is 401 with ``"reason"``; where nobody can tell, 503.
    """

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        """The user of the session, and what the token says."""
        _, payload = super().authenticate_credentials(key)
        asked = HttpRequest()
        with as_problems():
            asked.session = session_of(key)
            user = get_user(asked)
            if user.is_authenticated:
                return user, payload
            if reason := companions.why_ended(asked.session):
                raise TokenRefused(reason)
        raise AuthenticationFailed
