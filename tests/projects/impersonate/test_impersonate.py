"""django-impersonate, by its own pages."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tests.projects import impersonation_steps as steps

pytestmark = pytest.mark.django_db(transaction=True)


def begin(client: Client, user: Any) -> None:
    """Follow its link."""
    client.get(f"/impersonate/{user.pk}/")


def end(client: Client, user: Any) -> None:
    """Follow its link back."""
    client.get("/impersonate/stop/")


@pytest.fixture
def boss(db: None) -> Any:
    """The administrator."""
    return get_user_model().objects.create_superuser("boss", "boss@example.org", "pw")


def test_way_back(engine: str, boss: Any, user: Any) -> None:
    """To the session of before."""
    steps.check_way_back(boss, user, begin, end)


@pytest.mark.parametrize("change", steps.CHANGES)
def test_no_way_back(engine: str, boss: Any, user: Any, change: str) -> None:
    """Once the sessions of the administrator have ended."""
    steps.check_no_way_back(boss, user, begin, end, change)


def test_no_login(engine: str, boss: Any, user: Any, settings: Any) -> None:
    """It is none of the user's."""
    steps.check_no_login(boss, user, begin, settings)
