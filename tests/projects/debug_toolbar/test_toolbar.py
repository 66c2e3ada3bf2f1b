"""Developers log in and out."""

from typing import Any

import pytest

from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestToolbar(PlainJourneys):
    """With the toolbar on each page."""

    def who(self, visitor: Visitor) -> str:
        """Return whom the page greets."""
        page = visitor.visit("/page/").content.decode()
        assert "djDebug" in page
        return page.partition("user=")[2].partition("<")[0].strip()


def test_toolbar_does_not_show_an_ended_session(user: Any) -> None:
    """Nor does a request stay in its history as someone's who has logged out."""
    site, here = TestToolbar(), Visitor()
    site.log_in(here)
    thief = here.copy()
    site.log_out(here)
    assert site.who(thief) == ""
    assert b"_auth_user_id" not in thief.page.content
