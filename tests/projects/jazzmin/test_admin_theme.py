"""Staff log in and out in the theme, and customers see none of it."""

from typing import Any

import pytest

from tests.projects.journeys import AdminJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestAdminTheme(AdminJourneys):
    """By the theme's own form of login and its button."""


def test_customers_get_our_goodbye_page(user: Any) -> None:
    """Not the page of the admin's theme."""
    customer = Visitor()
    customer.visit("/login/")
    customer.submit(username="ann", password="pw")
    customer.visit("/accounts/logout/")
    customer.submit("/accounts/logout/")
    names = [template.name for template in customer.page.templates]
    assert "django_logout/logged_out.html" in names
    assert "registration/logged_out.html" not in names
