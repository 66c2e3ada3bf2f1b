"""What tests of time share: processes that have not seen the same, and why sessions ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client

from django_logout.models import LogoutEvent
from django_logout.sessions import activity


@contextmanager
def another_process() -> Iterator[None]:
    """A process that remembers nothing of what this one has seen."""
    mine = dict(activity._memories)
    activity._memories.clear()
    try:
        yield
    finally:
        activity._memories.clear()
        activity._memories.update(mine)


def browser(user: Any) -> Client:
    """A browser in which somebody has just logged in."""
    client = Client()
    client.force_login(user)
    return client


def reasons() -> list[str]:
    """Why sessions have ended, event by event."""
    return list(LogoutEvent.objects.order_by("created_at").values_list("reason", flat=True))
