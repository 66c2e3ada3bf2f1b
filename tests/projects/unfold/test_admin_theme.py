"""Staff log in and out in the theme, and customers see none of it."""

import pytest

from tests.projects.journeys import AdminJourneys

pytestmark = pytest.mark.django_db(transaction=True)


class TestAdminTheme(AdminJourneys):
    """By the theme's own form of login and its button."""
