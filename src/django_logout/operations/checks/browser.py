"""Does what is set for browsers do good, and do they take the cookie at all?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning

from django_logout.conf import logout_settings
from django_logout.operations.checks.ours import register
from django_logout.operations.checks.setting_types import matches

#: What is better not cleared: the id of its warning, and why.
DOUBTFUL = {
    "cache": ("W050", "stops Chromium for seconds if its cache is large"),
    "cookies": ("W051", "also deletes the cookies of other ports and subdomains of your domain"),
    "executionContexts": ("W052", "does nothing in any browser"),
    "clientHints": ("W053", "does not touch anything that a user leaves behind"),
}


@register(Tags.security)
def check_site_data(**kwargs: Any) -> list[CheckMessage]:
    """``CLEAR_SITE_DATA`` names what is worth it."""
    given = logout_settings().CLEAR_SITE_DATA
    return [
        _doubtful(kind, *DOUBTFUL[kind])
        for kind in (given if matches(given, tuple[str, ...]) else ())
        if kind in DOUBTFUL
    ]


def _doubtful(kind: str, number: str, why: str) -> CheckMessage:
    sentence = f'LOGOUT["CLEAR_SITE_DATA"] names "{kind}", which {why}.'
    hint = f'Take "{kind}" out; LOGOUT = {{"CLEAR_SITE_DATA": ["storage"]}} is what helps.'
    return Warning(sentence, hint=hint, id=f"django_logout.{number}")


@register(Tags.security)
def check_cookie_prefix(**kwargs: Any) -> list[CheckMessage]:
    """A session cookie whose name begins with a prefix has what browsers ask of it."""
    name = settings.SESSION_COOKIE_NAME
    wanted: dict[str, Any] = {"SESSION_COOKIE_SECURE": True}
    if name.startswith("__Host-"):
        wanted |= {"SESSION_COOKIE_PATH": "/", "SESSION_COOKIE_DOMAIN": None}
    elif not name.startswith("__Secure-"):
        return []
    hint = [
        f"{key} = {value!r}" for key, value in wanted.items() if getattr(settings, key) != value
    ]
    if not hint:
        return []
    sentence = f'Browsers refuse the session cookie "{name}", so nobody can log in.'
    return [Error(sentence, hint=f"Write {', '.join(hint)}.", id="django_logout.E054")]
