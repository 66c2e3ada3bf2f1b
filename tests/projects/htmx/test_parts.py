"""Users log in, and log out by htmx."""

from typing import Any

import pytest

from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/page/"}


class TestHtmx(PlainJourneys):
    """By a button with ``hx-post``."""

    def log_out(self, visitor: Visitor) -> None:
        """Send what the button sends, and go where htmx is told to go."""
        visitor.visit("/page/")
        answer = visitor.post("/accounts/logout/", **HTMX)
        assert (answer.status_code // 100, answer.content) == (2, b"")
        visitor.visit(answer["HX-Redirect"])


def test_part_of_an_ended_session_leads_to_the_login(user: Any) -> None:
    """The page as a whole is left, so no login form is put into a part of it."""
    site, here = TestHtmx(), Visitor()
    site.log_in(here)
    thief = here.copy()
    assert thief.visit("/part/", **HTMX).content == b"part=ann"
    site.log_out(here)
    answer = thief.visit("/part/", **HTMX)
    assert (answer.status_code // 100, answer.content) == (2, b"")
    assert answer["HX-Redirect"].startswith("/login/?next=")
