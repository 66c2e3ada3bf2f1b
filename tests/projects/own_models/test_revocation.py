"""The same with a project's own models in the place of the libraries'."""

from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import get_access_token_model

from django_logout import Target, end_sessions
from tests.adapters import knox
from tests.adapters.checks import on_db, test_silence  # noqa: F401 - they are covered where they are
from tests.adapters.oauth_client import alive, log_in
from tests.adapters.own.models import ProgramToken, Use
from tests.pages import LOGOUT

pytestmark = pytest.mark.django_db(transaction=True)


def test_tokens_of_knox(user: Any) -> None:
    """They are rows of the project's table."""
    token = knox.obtain()
    assert ProgramToken.objects.count() == 1
    end_sessions(Target.user(user))
    assert not knox.works(token)


def test_logins_of_applications(ann: Client) -> None:
    """With what the project has made point to them."""
    tokens = log_in(ann, scope="openid read")
    Use.objects.create(access_token=get_access_token_model().objects.get())
    ann.post(LOGOUT)
    assert alive(tokens) == []
    assert not Use.objects.exists()
