"""django-impersonate, by its own pages."""

from typing import Any

import pytest
from django.test import Client

from tests.projects import impersonation_steps as steps

pytestmark = pytest.mark.django_db(transaction=True)


def begin(client: Client, user: Any) -> None:
    """Follow its link."""
    client.get(f"/impersonate/{user.pk}/")


def end(client: Client, user: Any) -> None:
    """Follow its link back."""
    client.get("/impersonate/stop/")


class TestItsPages(steps.Impersonation):
    """Each of its buttons and links."""

    begin = staticmethod(begin)
    end = staticmethod(end)
