"""What tests of timeouts share: another process, and the reasons why sessions have ended."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_logout.models import LogoutEvent
from django_logout.sessions import activity


@contextmanager
def another_process() -> Iterator[None]:
    """Be a process that remembers nothing of what this one has seen."""
    mine = dict(activity._memories())
    activity._memories().clear()
    try:
        yield
    finally:
        activity._memories().clear()
        activity._memories().update(mine)


def reasons() -> list[str]:
    """Return the reason of each event, in order."""
    return list(LogoutEvent.objects.order_by("created_at").values_list("reason", flat=True))
