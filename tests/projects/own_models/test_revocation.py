"""Tokens in the project's own tables, which take the place of the libraries'."""

from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import get_access_token_model

from django_logout import Target, end_sessions
from tests.clients import LOGOUT
from tests.projects import knox_client
from tests.projects.oauth_client import alive, log_in
from tests.projects.own_models.models import ProgramToken, Use
from tests.projects.system_checks import messages
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)


def test_knox_tokens_are_revoked(user: Any) -> None:
    """They are rows of the project's table."""
    token = knox_client.obtain()
    assert ProgramToken.objects.count() == 1
    end_sessions(Target.user(user))
    assert not knox_client.works(token)


def test_oauth_tokens_are_revoked(ann: Client) -> None:
    """The project's rows that point to them are deleted with them."""
    tokens = log_in(ann, scope="openid read")
    Use.objects.create(access_token=get_access_token_model().objects.get())
    ann.post(LOGOUT)
    assert alive(tokens) == []
    assert not Use.objects.exists()


def test_checks_are_silent(settings: Any) -> None:
    """Our revokers find the project's models by the libraries' settings."""
    settings.SESSION_ENGINE = ENGINES["db"]
    assert messages() == []
