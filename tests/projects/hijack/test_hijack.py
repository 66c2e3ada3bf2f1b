"""django-hijack, by its own pages."""

from typing import Any

import pytest
from django.test import Client

from django_logout.models import LoginSession
from django_logout.operations.checks import impersonation
from tests.clients import home_page
from tests.projects import impersonation_steps as steps
from tests.projects.system_checks import messages

pytestmark = pytest.mark.django_db(transaction=True)


def begin(client: Client, user: Any, url: str = "/hijack/acquire/") -> None:
    """Press the button of its admin."""
    client.post(url, {"user_pk": user.pk, "next": "/"})


def end(client: Client, user: Any) -> None:
    """Press the button of its notice."""
    client.post("/hijack/release/", {"next": "/"})


class TestItsPages(steps.Impersonation):
    """Each of its buttons and links."""

    begin = staticmethod(begin)
    end = staticmethod(end)


def test_view_of_the_projects_own(engine: str, boss: Any, user: Any) -> None:
    """It is derived from django-hijack's, and decorated."""

    def by_own_view(client: Client, user: Any) -> None:
        begin(client, user, "/own/")

    steps.check_way_back(boss, user, by_own_view, end)
    steps.check_no_way_back(boss, user, by_own_view, end, "everywhere")


def test_one_after_another(engine: str, boss: Any, user: Any, other: Any) -> None:
    """Its history may have several steps."""
    other.is_superuser = True
    other.save()
    client = Client()
    client.force_login(boss)
    begin(client, other)
    begin(client, user)
    assert home_page(client) == b"user=ann"
    end(client, user)
    assert home_page(client) == b"user=bob"
    end(client, user)
    assert home_page(client) == b"user=boss"
    assert LoginSession.objects.filter(ended_at=None).count() == 1


def test_check_of_views_that_are_not_in_the_urlconf(settings: Any) -> None:
    """Its logins as other users would not be recognized."""
    assert messages() == []
    settings.ROOT_URLCONF = "tests.urls"
    (message,) = messages()
    assert message.id == "django_logout.W065"
    assert "with django_logout.impersonation(request): login(request, user)" in str(message.hint)


def test_check_of_an_app_that_is_not_adapted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the same hint."""
    monkeypatch.setattr(impersonation, "NOT_ADAPTED", ["hijack.contrib.admin"])
    (message,) = messages()
    assert message.id == "django_logout.W066"
    assert '"django_logout.W066" to SILENCED_SYSTEM_CHECKS' in str(message.hint)
