"""django-loginas, by its own pages and by its functions."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from django_logout.models import LoginSession
from tests.clients import home_page
from tests.projects import impersonation_steps as steps

pytestmark = pytest.mark.django_db(transaction=True)


def begin(client: Client, user: Any) -> None:
    """Press the button of its admin."""
    client.post(f"/loginas/login/user/{user.pk}/")


def end(client: Client, user: Any) -> None:
    """Log out by its view, which logs the administrator in again."""
    client.get("/loginas/logout/")


@pytest.fixture(autouse=True)
def _content_types() -> None:
    """Its log entries name the type of the user, which an earlier test has flushed."""
    ContentType.objects.clear_cache()


class TestItsPages(steps.Impersonation):
    """Each of its buttons and links."""

    begin = staticmethod(begin)
    end = staticmethod(end)


def test_functions_in_a_view_of_the_projects_own(engine: str, boss: Any, user: Any) -> None:
    """Inside of ``impersonation()``."""

    def by_own_view(client: Client, user: Any) -> None:
        client.get(f"/own/{user.pk}/")

    def back_by_own_view(client: Client, user: Any) -> None:
        client.get("/own/back/")

    steps.check_way_back(boss, user, by_own_view, back_by_own_view)
    steps.check_no_way_back(boss, user, by_own_view, back_by_own_view, "everywhere")


def test_signature_that_has_expired(
    engine: str, boss: Any, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No one is logged in afterwards, and both sessions have ended."""
    client = steps.acting(boss, user, begin)
    monkeypatch.setattr("loginas.settings.USER_SESSION_DAYS_TIMESTAMP", 0)
    end(client, user)
    assert home_page(client) == b"user="
    assert not LoginSession.objects.filter(ended_at=None).exists()
