"""Users log in by links."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from sesame.utils import get_query_string

from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


def link() -> str:
    """Return a new link."""
    return "/link/" + get_query_string(get_user_model().objects.get())


class TestSesame(PlainJourneys):
    """By a link of their own for each login."""

    def log_in(self, visitor: Visitor) -> None:
        """Follow a link."""
        visitor.visit(link())
        assert visitor.url == "http://testserver/"


def test_used_link_does_not_log_in_again(user: Any) -> None:
    """A link stands in mails and in the browser's history."""
    used, site, here = link(), TestSesame(), Visitor()
    here.visit(used)
    site.log_out(here)
    assert (here.visit(used).status_code, here.who()) == (403, "")


def test_link_that_is_good_for_long_logs_in_again(user: Any, settings: Any) -> None:
    """What is at stake: without ``SESAME_ONE_TIME`` no logout reaches the links themselves."""
    settings.SESAME_ONE_TIME = False
    used, site, here = link(), TestSesame(), Visitor()
    here.visit(used)
    site.log_out(here)
    here.visit(used)
    assert here.who() == "ann"
