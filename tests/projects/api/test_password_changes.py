"""The token that changes its user's password stays, of whatever kind it is; all else of the user ends."""

from typing import Any

import pytest
from django.test import Client
from knox.models import AuthToken
from rest_framework.authtoken.models import Token

from django_logout.models import LogoutEvent
from tests.clients import logged_in_as
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)

DRF = "/own-password/"


def drf_token(user: Any) -> tuple[str, str]:
    """Return the header of REST framework's token, and the URL of a view that accepts it."""
    return f"Token {Token.objects.get_or_create(user=user)[0].key}", DRF


def knox_token(user: Any) -> tuple[str, str]:
    """The same for one of Knox."""
    return f"Knox {AuthToken.objects.create(user=user)[1]}", DRF


def jwt(user: Any) -> tuple[str, str]:
    """The same for a JSON web token."""
    return f"Bearer {Program.log_in().access}", DRF


def in_ninja(user: Any) -> tuple[str, str]:
    """The same for django-ninja, with REST framework's token."""
    return f"Bearer {drf_token(user)[0].removeprefix('Token ')}", f"{DRF}ninja/"


@pytest.mark.parametrize("kind", [drf_token, knox_token, jwt, in_ninja])
def test_token_that_changes_the_password_stays(user: Any, other: Any, kind: Any) -> None:
    """The event says who has changed it, not who else is logged in to the browser."""
    header, url = kind(user)
    everything_else = [knox_token(user)[0], f"Bearer {Program.log_in().access}"]
    elsewhere, beside = Client(), Client()
    elsewhere.force_login(user)
    beside.force_login(other)

    changed = beside.post(url, headers={"Authorization": header})

    assert changed.status_code == 200, changed.content
    assert Client().get("/drf/sessions/", headers={"Authorization": drf(header)}).status_code == 200
    ended = [
        Client().get("/drf/sessions/", headers={"Authorization": found}).status_code
        for found in everything_else
    ]
    assert set(ended) <= {401, 403}
    assert [logged_in_as(client) for client in (elsewhere, beside)] == ["", "bob"]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.scope, event.actor) == ("password_changed", "others", user)


def drf(header: str) -> str:
    """Return the header of a token as REST framework reads it."""
    key = header.removeprefix("Bearer ")
    return f"Token {key}" if Token.objects.filter(key=key).exists() else header
