"""Can what is set about expiry and limits be meant so?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.urls import get_resolver

from django_logout.conf import LogoutSettings, as_timedelta, logout_settings
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.setting_types import matches
from django_logout.policies import pending_login
from django_logout.sessions.activity import OURS


@register(Tags.security)
def check_expiry(**kwargs: Any) -> list[CheckMessage]:
    """Limits that leave somebody logged in, and that can be reached."""
    given = logout_settings()
    found: list[CheckMessage] = [
        _non_positive(key, getattr(given, key))
        for key in ("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT", "MAX_SESSIONS")
        if isinstance(value := getattr(given, key), int | timedelta)
        and as_timedelta(value) <= timedelta(0)
    ]
    if (interval := _fixed(given.LAST_SEEN_INTERVAL)) is not None and interval < timedelta(0):
        sentence = f'LOGOUT["LAST_SEEN_INTERVAL"] is {given.LAST_SEEN_INTERVAL!r}, which is less than no time.'
        hint = "Write how many seconds activity may go unwritten; 0 writes it with each request."
        found.append(Error(sentence, hint=hint, id="django_logout.E043"))
    return found or _ineffective(given)


def _non_positive(key: str, value: Any) -> CheckMessage:
    sentence = f'LOGOUT["{key}"] is {value!r}, so nobody could be logged in.'
    hint = f'Write more than zero, or "{key}": None for no limit.'
    return Error(sentence, hint=hint, id="django_logout.E036")


def _ineffective(given: LogoutSettings) -> list[CheckMessage]:
    idle, age, interval = map(
        _fixed, (given.IDLE_TIMEOUT, given.ABSOLUTE_TIMEOUT, given.LAST_SEEN_INTERVAL)
    )
    found: list[CheckMessage] = []
    if idle is not None and interval is not None and interval >= idle:
        quarter = max(1, int(idle.total_seconds() / 4))
        sentence = "LAST_SEEN_INTERVAL is no shorter than IDLE_TIMEOUT; a quarter of that is used."
        hint = f'Write LOGOUT = {{"LAST_SEEN_INTERVAL": {quarter}}}, or less.'
        found.append(Warning(sentence, hint=hint, id="django_logout.W037"))
    if idle is not None and age is not None and idle >= age:
        sentence = (
            "IDLE_TIMEOUT is no shorter than ABSOLUTE_TIMEOUT, so no session ends for being idle."
        )
        hint = "Make IDLE_TIMEOUT shorter than ABSOLUTE_TIMEOUT, or take it out of LOGOUT."
        found.append(Warning(sentence, hint=hint, id="django_logout.W038"))
    return found


def _fixed(value: Any) -> timedelta | None:
    return as_timedelta(value) if isinstance(value, int | timedelta) else None


@register(Tags.urls)
def check_choosing(**kwargs: Any) -> list[CheckMessage]:
    """Whoever is asked what is to end has a page to be asked on."""
    given = logout_settings()
    if given.ON_MAX_SESSIONS != "ask":
        return []
    try:
        if pending_login.page_url():
            return []
    except Exception:  # noqa: BLE001 - whatever a project's modules raise; Django reports it
        return []
    sentence = 'ON_MAX_SESSIONS is "ask", and there is no page to ask on, so logins are refused.'
    hint = (
        'Add path("accounts/", include("django_logout.urls")), in no namespace, to urlpatterns '
        f'in {settings.ROOT_URLCONF}; or write LOGOUT = {{"ON_MAX_SESSIONS": "refuse"}}.'
    )
    return [Warning(sentence, hint=hint, id="django_logout.W041")]


@register(Tags.urls)
def check_passive_urls(**kwargs: Any) -> list[CheckMessage]:
    """Names that are those of views."""
    given = logout_settings().PASSIVE_URLS
    entries = given if matches(given, tuple[str, ...]) else ()
    names = [entry for entry in entries if not entry.startswith("/") and entry not in OURS]
    try:
        known = list(_view_names(get_resolver(), "")) if names else []
    except Exception:  # noqa: BLE001 - whatever a project's modules raise; Django reports it
        return []
    return [_unknown(name) for name in names if not any(fnmatchcase(view, name) for view in known)]


def _view_names(resolver: Any, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from _view_names(entry, inner)
        else:
            yield prefix + (entry.name or entry.lookup_str)


def _unknown(name: str) -> CheckMessage:
    sentence = f'LOGOUT["PASSIVE_URLS"] names "{name}", and no URL leads to a view of that name.'
    hint = f'Write it as reverse() takes it, namespaces included; or a path, "/{name}/".'
    return Warning(sentence, hint=hint, id="django_logout.W039")
