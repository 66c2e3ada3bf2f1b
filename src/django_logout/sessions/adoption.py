"""Sessions without an id: which of them may be from before the installation, and so are adopted.

This package gives an id to every login that it sees being stored. A session without one was stored
before the installation, or by a process that runs without the package. Such sessions are accepted
for as long as one from before the installation may live, and refused afterwards.
"""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.models import Installation
from django_logout.sessions.registry import database

logger = logging.getLogger("django_logout")


class Window(NamedTuple):
    """The time in which sessions without an id are adopted."""

    installed_at: datetime | None
    "When the package was installed; ``None`` if that is not recorded."
    end: datetime | None
    "When the adoption ends; ``None`` if there is none."

    def why_refused(self, written_at: datetime | None = None) -> str:
        """Return why a session without an id is not adopted now; empty if it is.

        ``written_at`` is when its engine stored it, if the engine knows.
        """
        if self.end is None:
            return "it is not recorded when django-logout was installed"
        if timezone.now() >= self.end:
            return f"sessions without an id were accepted until {_text(self.end)}"
        if written_at and self.installed_at and written_at > self.installed_at:
            return f"it was stored at {_text(written_at)}, after the installation"
        return ""


def may_adopt(written_at: datetime | None = None) -> bool:
    """Return whether a session without an id may be from before the installation.

    ``written_at`` is when its engine stored it, if the engine knows. A refusal is logged.
    """
    why = adoption_window().why_refused(written_at)
    if why:
        logger.warning("A session without an id of django-logout was refused: %s.", why)
    return not why


def adoption_window() -> Window:
    """Return when sessions without an id are adopted: one query."""
    rows = Installation.objects.using(database())
    installed_at = rows.values_list("installed_at", flat=True).first()
    until = logout_settings().ADOPT_UNTIL
    if until is None:
        lifetime = timedelta(seconds=settings.SESSION_COOKIE_AGE)
        return Window(installed_at, installed_at and installed_at + lifetime)
    if settings.USE_TZ and timezone.is_naive(until):
        until = timezone.make_aware(until)
    return Window(installed_at, until)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
