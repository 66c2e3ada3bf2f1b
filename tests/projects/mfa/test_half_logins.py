"""A login that waits for its second factor, with the real views of allauth."""

from base64 import b32decode
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from django_otp.oath import totp

from django_logout import Target, end_sessions
from tests.clients import logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/allauth/2fa/authenticate/"


@pytest.fixture
def code(user: Any) -> str:
    """Turn on the second factor of the user, and return a code."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    cache.clear()
    return f"{totp(b32decode(secret)):06}"


def half() -> Client:
    """Return a browser that has proved the password."""
    client = Client()
    response = client.post("/allauth/login/", {"login": "ann", "password": "pw"})
    assert response["Location"] == URL
    return client


def test_second_factor_completes_the_login(code: str) -> None:
    """Nothing has ended."""
    client = half()
    client.get(URL)
    assert client.post(URL, {"code": code}).status_code == 302
    assert logged_in_as(client) == "ann"


def test_proof_that_is_older_than_an_ending_does_not_count(code: str, user: Any) -> None:
    """The page of the second factor may be loaded before it and after it."""
    client = half()
    client.get(URL)
    end_sessions(Target.user(user))
    client.get(URL)
    assert client.post(URL, {"code": code})["Location"] == "/login/"
    assert logged_in_as(client) == ""
