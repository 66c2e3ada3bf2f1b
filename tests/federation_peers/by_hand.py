"""Logins by Authlib's Django client and by django-pyoidc, with the lines that docs/federation.md has for them."""

from typing import Any

import django_pyoidc
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse
from django.shortcuts import redirect

from django_logout.federation import links


def client() -> Any:
    """Return Authlib's client. A site makes it once; here the provider is another from test to test."""
    oauth = OAuth()
    oauth.register("op")
    return oauth.op


def authlib_login(request: Any) -> HttpResponse:
    """Go to the provider."""
    answer: HttpResponse = client().authorize_redirect(
        request, request.build_absolute_uri("/authlib/callback/")
    )
    return answer


def authlib_callback(request: Any) -> HttpResponse:
    """Come back from the provider, and log in."""
    token = client().authorize_access_token(request)
    user = get_user_model().objects.get(email=token["userinfo"]["email"])
    refresh_token = token.get("refresh_token", "")  # For RECHECK only.
    links.expect(request, "op", id_token=token["id_token"], refresh_token=refresh_token)
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    return redirect("/")


def get_user(client: Any, tokens: Any) -> Any:
    """Find the user, for django-pyoidc, and keep the claims for the next step."""
    user = django_pyoidc.get_user_by_email(tokens)
    user.id_token_claims = tokens["id_token_claims"]
    return user


def on_login(request: Any, user: Any) -> None:
    """Link the session, for django-pyoidc."""
    links.record(request, "op", claims=user.id_token_claims)
