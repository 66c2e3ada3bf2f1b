"""Checks for the settings on timeouts and limits."""

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from django_logout.conf import as_timedelta, logout_settings
from django_logout.operations.checks.setting_types import listed
from django_logout.operations.checks.urls import Patterns
from django_logout.sessions.activity import OURS


def check_expiry() -> Iterator[CheckMessage]:
    """Check that the timeouts and limits allow a login, and that each can take effect."""
    given = logout_settings()
    wrong = False
    for key in ("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT", "MAX_SESSIONS"):
        value = _fixed(getattr(given, key))
        if value is not None and value <= timedelta(0):
            wrong = True
            yield Error(
                f'LOGOUT["{key}"] is {getattr(given, key)!r}, so no user can be logged in.',
                hint=f'Write more than zero, or "{key}": None for no limit.',
                id="django_logout.E036",
            )
    idle, absolute, interval = map(
        _fixed, (given.IDLE_TIMEOUT, given.ABSOLUTE_TIMEOUT, given.LAST_SEEN_INTERVAL)
    )
    if interval is not None and interval < timedelta(0):
        wrong = True
        yield Error(
            f'LOGOUT["LAST_SEEN_INTERVAL"] is negative: {given.LAST_SEEN_INTERVAL!r}.',
            hint="Write how many seconds activity may go unrecorded; 0 records each request.",
            id="django_logout.E043",
        )
    most: Any = given.MAX_PRESENTED_SESSIONS
    if isinstance(most, int) and most < 0:
        yield Error(
            f'LOGOUT["MAX_PRESENTED_SESSIONS"] is negative: {most!r}.',
            hint="Write how many further session cookies of a browser are read; 0 reads none.",
            id="django_logout.E044",
        )
    if wrong or idle is None:
        return
    written = "LAST_SEEN_INTERVAL" in (getattr(settings, "LOGOUT", None) or {})
    if written and interval is not None and interval >= idle:
        quarter = max(1, int(idle.total_seconds() / 4))
        yield Warning(
            "LAST_SEEN_INTERVAL is not shorter than IDLE_TIMEOUT, so a quarter of IDLE_TIMEOUT is "
            "used.",
            hint=f'Write LOGOUT = {{"LAST_SEEN_INTERVAL": {quarter}}}, or less.',
            id="django_logout.W037",
        )
    if absolute is not None and idle >= absolute:
        yield Warning(
            "IDLE_TIMEOUT is not shorter than ABSOLUTE_TIMEOUT, so it never ends a session.",
            hint="Make IDLE_TIMEOUT shorter than ABSOLUTE_TIMEOUT, or remove it from LOGOUT.",
            id="django_logout.W038",
        )


def _fixed(value: Any) -> timedelta | None:
    """Return a value that does not depend on the user, as a timedelta."""
    return as_timedelta(value) if isinstance(value, int | timedelta) else None


def check_passive_urls(patterns: Patterns) -> Iterator[CheckMessage]:
    """Check that the names in ``PASSIVE_URLS`` match views."""
    for name in listed("PASSIVE_URLS"):
        if name.startswith("/") or name in OURS:
            continue
        if not any(fnmatchcase(view, name) for view, _ in patterns):
            yield Warning(
                f'LOGOUT["PASSIVE_URLS"] names "{name}", which matches no view.',
                hint=f'Write it as reverse() takes it, with namespaces; or a path, "/{name}/".',
                id="django_logout.W039",
            )
