"""Authentication by the access tokens of apps (allauth.headless), for django-ninja."""

from __future__ import annotations

from typing import Any

from allauth.headless.contrib.ninja import security
from django.http import HttpRequest

from django_logout.contrib.headless import session_of, user_of


class JWTTokenAuth(security.JWTTokenAuth):
    """allauth's, which believes an access token by itself; ours asks for its session."""

    def __call__(self, request: HttpRequest) -> Any:
        """What the token says, if its session goes on."""
        payload = super().__call__(request)
        if payload is None:
            return None
        _, _, token = request.headers["Authorization"].partition(" ")
        user = user_of(session_of(token.strip()))
        if user is None:
            return None
        request.user = user
        return payload
