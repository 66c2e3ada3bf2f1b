"""Checks for the settings on timeouts and limits."""

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, get_args, get_type_hints

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from django_logout.conf import LogoutSettings, as_timedelta, logout_settings
from django_logout.operations.checks.setting_types import listed, matches
from django_logout.operations.checks.urls import Patterns
from django_logout.sessions.activity import OURS

#: The longest duration. What is much longer leads to a moment that no calendar has.
LONGEST = timedelta(days=36_525)
#: Durations below zero that :func:`check_expiry` reports.
_REPORTED_IF_NEGATIVE = {"ABSOLUTE_TIMEOUT", "IDLE_TIMEOUT", "LAST_SEEN_INTERVAL"}


def check_durations() -> Iterator[CheckMessage]:
    """Check that each duration is one: it is not negative, and not longer than a century."""
    given = vars(logout_settings())
    hints = get_type_hints(LogoutSettings)
    for key in sorted(key for key in given if timedelta in get_args(hints[key])):
        value = given[key]
        if value is None or callable(value) or not matches(value, hints[key]):
            continue  # E032 reports a wrong type.
        duration = _fixed(value)
        if duration is not None and (duration >= timedelta(0) or key in _REPORTED_IF_NEGATIVE):
            continue
        yield Error(
            f'LOGOUT["{key}"] is {value!r}, which is no duration from zero to 100 years.',
            hint=f'Write LOGOUT = {{"{key}": timedelta(minutes=30)}}, or a number of seconds.',
            id="django_logout.E046",
        )


def check_expiry() -> Iterator[CheckMessage]:
    """Check that the timeouts and limits allow a login, and that each can take effect."""
    given = logout_settings()
    wrong = False
    idle, absolute, interval = map(
        _fixed, (given.IDLE_TIMEOUT, given.ABSOLUTE_TIMEOUT, given.LAST_SEEN_INTERVAL)
    )
    most: Any = given.MAX_SESSIONS
    number = most if isinstance(most, int) else None
    limits: tuple[tuple[str, Any, Any], ...] = (
        ("IDLE_TIMEOUT", idle, timedelta(0)),
        ("ABSOLUTE_TIMEOUT", absolute, timedelta(0)),
        ("MAX_SESSIONS", number, 0),
    )
    for key, value, zero in limits:
        if value is not None and value <= zero:
            wrong = True
            yield Error(
                f'LOGOUT["{key}"] is {getattr(given, key)!r}, so no user can be logged in.',
                hint=f'Write more than zero, or "{key}": None for no limit.',
                id="django_logout.E036",
            )
    if interval is not None and interval < timedelta(0):
        wrong = True
        yield Error(
            f'LOGOUT["LAST_SEEN_INTERVAL"] is negative: {given.LAST_SEEN_INTERVAL!r}.',
            hint="Write how many seconds activity may go unrecorded; 0 records each request.",
            id="django_logout.E043",
        )
    most = given.MAX_PRESENTED_SESSIONS
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
    """Return a duration that does not depend on the user; ``None`` for one that is too long, or no
    number."""
    if not isinstance(value, int | float | timedelta):
        return None
    try:
        duration = as_timedelta(value)
    except (OverflowError, ValueError):
        return None
    return duration if abs(duration) <= LONGEST else None


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
