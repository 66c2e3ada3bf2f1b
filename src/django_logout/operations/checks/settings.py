"""Checks for the ``LOGOUT`` setting: its keys, the types of its values, and what they name."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from http.cookies import CookieError
from typing import Any, get_type_hints

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.http import HttpResponse

from django_logout.conf import SETTING_NAMES, LogoutSettings, logout_settings
from django_logout.operations.checks.imports import ancestry, behaves_like
from django_logout.operations.checks.setting_types import describe, listed, matches
from django_logout.revokers.cookies import delete_described_cookie
from django_logout.sessions.devices import SOCKET, as_network
from django_logout.sessions.identity import LOGIN_KEYS

#: Other words for a setting, among them its earlier names, and what it is called.
RENAMED = {
    "ANSWERS": "RESPONDERS",
    "API_KEYS": "EXEMPT_CREDENTIALS",
    "AT_LIMIT": "ON_MAX_SESSIONS",
    "CACHE": "CACHE_ALIAS",
    "COOKIES": "DELETE_COOKIES",
    "KEEP": "KEEP_SESSION_KEYS",
    "MAX_AGE": "ABSOLUTE_TIMEOUT",
    "TOUCH_INTERVAL": "LAST_SEEN_INTERVAL",
}
#: The keys of a cookie in ``DELETE_COOKIES``, and the type of each.
COOKIE_KEYS = {
    "name": str,
    "path": str,
    "domain": str,
    "samesite": str,
    "secure": bool,
    "partitioned": bool,
}
#: The base classes of plug-ins.
BASES = {
    "RESPONDERS": "django_logout.responses.base.Responder",
    "REVOKERS": "django_logout.revokers.base.Revoker",
}


def check_settings() -> Iterator[CheckMessage]:
    """Check that ``LOGOUT`` is a dict with known keys, and values of the right types."""
    given = getattr(settings, "LOGOUT", None) or {}
    if not isinstance(given, Mapping):
        yield Error(
            f"LOGOUT is a {type(given).__name__}, not a dict, and is ignored.",
            hint='Write it as a dict, as in LOGOUT = {"KEEP_SESSION_KEYS": ["cart"]}.',
            id="django_logout.E030",
        )
        return
    for key in [str(key) for key in given if key not in SETTING_NAMES]:
        close = [RENAMED[key]] if key in RENAMED else get_close_matches(key.upper(), SETTING_NAMES)
        known = f"There are {', '.join(sorted(SETTING_NAMES))}."
        yield Error(
            f'LOGOUT["{key}"] is unknown, and is ignored.',
            hint=(f'Did you mean "{close[0]}"?' if close else known)
            + f' Otherwise remove "{key}" from LOGOUT.',
            id="django_logout.E031",
        )
    hints = get_type_hints(LogoutSettings)
    wrong = {key for key in given if key in SETTING_NAMES and not matches(given[key], hints[key])}
    for key in sorted(wrong):
        words, example = describe(hints[key])
        yield Error(
            f'LOGOUT["{key}"] is {given[key]!r}, which is not {words}.',
            hint=f'Write LOGOUT = {{"{key}": {example}}}.',
            id="django_logout.E032",
        )
    for key, base in BASES.items():
        for path in () if key in wrong else given.get(key) or ():
            if base not in ancestry(path) and not behaves_like(path, base):
                yield Error(
                    f'LOGOUT["{key}"] names "{path}", which is not a class of that kind.',
                    hint=f'Write the dotted path of a class that extends "{base}".',
                    id="django_logout.E033",
                )
    if given.get("RESPONDERS", True) in ([], ()):
        yield Error(
            'LOGOUT["RESPONDERS"] is empty, so no request could be answered.',
            hint='Remove "RESPONDERS" from LOGOUT; then the default applies.',
            id="django_logout.E035",
        )
    for key in () if "KEEP_SESSION_KEYS" in wrong else given.get("KEEP_SESSION_KEYS", ()):
        if key in LOGIN_KEYS:
            yield Error(
                f'LOGOUT["KEEP_SESSION_KEYS"] names "{key}", which makes a session logged in.',
                hint=f'Remove "{key}" from LOGOUT["KEEP_SESSION_KEYS"].',
                id="django_logout.E034",
            )


def check_cookies() -> Iterator[CheckMessage]:
    """Check that each cookie of ``DELETE_COOKIES`` has a name, and attributes that exist."""
    given: Any = logout_settings().DELETE_COOKIES
    if not matches(given, get_type_hints(LogoutSettings)["DELETE_COOKIES"]):
        return  # E032 reports it.
    for each in given:
        cookie: Any = {"name": each} if isinstance(each, str) else each
        unknown = [str(key) for key in cookie if key not in COOKIE_KEYS]
        if unknown:
            close = get_close_matches(unknown[0], COOKIE_KEYS)
            why = f'has "{unknown[0]}"'
            hint = f'Did you mean "{close[0]}"? ' if close else ""
        elif not (isinstance(cookie.get("name"), str) and cookie["name"]):
            why, hint = "has no name", ""
        elif wrong := [key for key, kind in COOKIE_KEYS.items() if not _fits(cookie, key, kind)]:
            why, hint = f'has "{wrong[0]}": {cookie[wrong[0]]!r}', ""
        elif cookie.get("partitioned") and cookie.get("secure") is False:
            why = "is partitioned and not secure, which browsers refuse"
            hint = 'Remove "secure": False. '
        elif error := _why_undeletable(cookie):
            why, hint = f"cannot be sent ({error})", ""
        else:
            continue
        yield Error(
            f'A cookie in LOGOUT["DELETE_COOKIES"] {why}, so no logout could delete it.',
            hint=f'{hint}Write its name, or {{"name": "token", "path": "/"}}; there are '
            f"{', '.join(COOKIE_KEYS)}.",
            id="django_logout.E045",
        )


def _why_undeletable(cookie: Mapping[str, Any]) -> str:
    """Return why no response can delete a cookie, or ``""``."""
    try:
        delete_described_cookie(cookie, HttpResponse())
    except (CookieError, ValueError) as error:
        return str(error)
    return ""


def _fits(cookie: Mapping[str, Any], key: str, kind: Any) -> bool:
    return cookie.get(key) is None or isinstance(cookie[key], kind)


def check_proxies() -> Iterator[CheckMessage]:
    """Check that ``TRUSTED_PROXIES`` names addresses and networks, not hosts."""
    for proxy in listed("TRUSTED_PROXIES"):
        if proxy != SOCKET and as_network(proxy) is None:
            yield Error(
                f'LOGOUT["TRUSTED_PROXIES"] names "{proxy}", which is not an address, and is '
                "ignored.",
                hint='Write an address or a network, as in "10.0.0.0/8"; '
                f'"{SOCKET}" stands for a socket.',
                id="django_logout.E040",
            )
