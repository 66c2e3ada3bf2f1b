"""Users log in and out where failures are counted."""

from typing import Any

import pytest
from axes.models import AccessLog

from django_logout import Target, end_sessions
from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


class TestAxes(PlainJourneys):
    """By Django's form of login."""


def logout_times() -> list[bool]:
    """Return whether the app knows when its logins ended, the last login first."""
    return [log.logout_time is not None for log in AccessLog.objects.order_by("-pk")]


def test_logout_is_recorded(user: Any) -> None:
    """The app hears Django's signal. It hears nothing of what ends without a request."""
    site = TestAxes()
    here, there = Visitor(), Visitor()
    site.log_in(there)
    end_sessions(Target.user(user))
    assert logout_times() == [False]
    site.log_in(here)
    site.log_out(here)
    assert logout_times()[0]


def test_lockout_ends_no_session(user: Any) -> None:
    """A client that guesses passwords is locked out, and the user stays logged in."""
    site = TestAxes()
    here, guesser = Visitor(), Visitor(REMOTE_ADDR="203.0.113.9")
    site.log_in(here)
    for _ in range(3):
        guesser.visit("/login/")
        guesser.submit(username="ann", password="wrong")
    assert (guesser.page.status_code, here.who()) == (429, "ann")
