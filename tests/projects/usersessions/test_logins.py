"""Users log in where allauth keeps its own list, and end all other sessions by its page."""

from typing import Any

import pytest

from tests.projects.mfa.test_logins import TestPassword as Password

pytestmark = pytest.mark.django_db(transaction=True)


class TestUserSessions(Password):
    """By allauth's forms."""

    @pytest.mark.engines("db", "cache-local", "file-unshared")  # Else it has nothing to list.
    @pytest.mark.slow
    def test_allauth_page_ends_the_others(self, engine: str, user: Any) -> None:
        """With copies of their cookies."""
        (there, other), (here, copy) = self.arrive(), self.arrive()
        here.visit("/allauth/sessions/")
        here.submit("/allauth/sessions/")
        assert [self.who(visitor) for visitor in (there, other, here, copy)] == [
            "",
            "",
            "ann",
            "ann",
        ]
