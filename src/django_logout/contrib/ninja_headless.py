"""Authenticate by the access tokens of apps (allauth.headless), for django-ninja."""

from typing import Any

from allauth.headless.contrib.ninja import security
from django.http import HttpRequest

from django_logout.contrib.headless import find_session, find_user


class JWTTokenAuth(security.JWTTokenAuth):
    """allauth's class trusts an access token until it expires. This one checks its session."""

    def __call__(self, request: HttpRequest) -> Any:
        """Return the payload of the token, if its session is active."""
        payload = super().__call__(request)
        if payload is None:
            return None
        _, _, token = request.headers["Authorization"].partition(" ")
        user = find_user(find_session(token.strip()))
        if user is None:
            return None
        request.user = user
        return payload
