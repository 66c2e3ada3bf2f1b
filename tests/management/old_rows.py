"""Old sessions and events, and the output of ``manage.py logout prune``."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from django_logout.models import LoginSession, LogoutEvent
from tests.factories import make_rows
from tests.management.command import run

DAY = timedelta(days=1)
NOTHING = {"dry_run": False, "expired": 0, "sessions": 0, "events": 0, "cutoffs": 0}


def prune(*options: str) -> dict[str, int]:
    """Run the command, and return its JSON."""
    said = run("prune", "--json", *options)
    assert (said.code, said.error) == (0, "")
    result: dict[str, int] = said.json
    return result


def over(user: Any, days: float, **facts: Any) -> LoginSession:
    """Create a session that ended this many days ago."""
    then = timezone.now() - days * DAY
    return make_rows(user, 1, **{"ended_at": then, "expires_at": then, **facts})[0]


def event(days: float, **facts: Any) -> LogoutEvent:
    """Create an event from this many days ago."""
    then = timezone.now() - days * DAY
    facts = {"reason": "user", "scope": "current", "sessions": 1, "complete": True, **facts}
    return LogoutEvent.objects.create(created_at=then, **facts)
