"""Customers log in and out."""

from typing import Any

import pytest
from django.contrib.sites.models import Site

from tests.projects.journeys import Journeys
from tests.projects.visitor import Visitor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Calling select_related"),
]


@pytest.fixture
def user(django_user_model: Any) -> Any:
    """A customer, who logs in with her address, and the site, which a migration makes."""
    Site.objects.update_or_create(pk=1, defaults={"domain": "testserver"})
    return django_user_model.objects.create_user("ann", "ann@example.com", "pw")


class TestOscar(Journeys):
    """By the shop's form, and by the link on its pages."""

    def log_in(self, visitor: Visitor) -> None:
        """By the form that stands beside the one for new customers."""
        visitor.visit("/shop/accounts/login/")
        visitor.submit(
            **{"login-username": "ann@example.com", "login-password": "pw"}, button="login_submit"
        )

    def log_out(self, visitor: Visitor) -> None:
        """By a GET."""
        visitor.visit("/shop/accounts/profile/")
        assert b'href="/shop/accounts/logout/"' in visitor.page.content
        visitor.visit("/shop/accounts/logout/")
