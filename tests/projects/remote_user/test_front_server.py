"""Users are logged in by the server in front."""

from typing import Any

import pytest

from django_logout.models import LoginSession
from tests.projects.journeys import PlainJourneys
from tests.projects.visitor import Visitor

pytestmark = pytest.mark.django_db(transaction=True)
MIDDLEWARE = "django.contrib.auth.middleware.{}RemoteUserMiddleware"


class TestRemoteUser(PlainJourneys):
    """At one URL, where the server in front asks for a password."""

    def log_in(self, visitor: Visitor) -> None:
        """Open the URL that is protected by the server in front."""
        visitor.client().get("/private/", REMOTE_USER="ann")


def test_name_at_every_request_logs_in_again(user: Any, settings: Any) -> None:
    """What is at stake with ``RemoteUserMiddleware``: the server in front has to forget the user,
    too. The session has ended, and the next request is a new login."""
    persistent, every = MIDDLEWARE.format("Persistent"), MIDDLEWARE.format("")
    settings.MIDDLEWARE = [every if name == persistent else name for name in settings.MIDDLEWARE]
    here = Visitor(REMOTE_USER="ann")
    assert here.who() == "ann"
    first = LoginSession.objects.get()
    here.visit("/accounts/logout/")
    here.submit("/accounts/logout/")
    first.refresh_from_db()
    assert first.ended_at is not None
    assert here.who() == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1
