"""Checks for what browsers do with our headers and with the session cookie."""

from collections.abc import Iterator
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from django_logout.conf import logout_settings
from django_logout.operations.checks.setting_types import listed
from django_logout.utils.cookies import session_cookie_partitioned

#: The types of data that are better not cleared: the id of the warning, and the reason.
INADVISABLE = {
    "cache": ("W050", "stops Chromium for seconds if its cache is large"),
    "cookies": ("W051", "also deletes the cookies of other ports and subdomains of your domain"),
    "executionContexts": ("W052", "has no effect in any browser"),
    "clientHints": ("W053", "deletes nothing that a user leaves behind"),
}


def check_site_data() -> Iterator[CheckMessage]:
    """Check that ``CLEAR_SITE_DATA`` names only types that are useful to clear."""
    for kind in listed("CLEAR_SITE_DATA"):
        if kind in INADVISABLE:
            number, why = INADVISABLE[kind]
            yield Warning(
                f'LOGOUT["CLEAR_SITE_DATA"] names "{kind}", which {why}.',
                hint=f'Remove "{kind}"; LOGOUT = {{"CLEAR_SITE_DATA": ["storage"]}} is enough.',
                id=f"django_logout.{number}",
            )


def check_cookie_prefix() -> Iterator[CheckMessage]:
    """Check that a session cookie with a name prefix has the attributes that browsers require."""
    name = settings.SESSION_COOKIE_NAME
    required: dict[str, Any] = {}
    if name.startswith(("__Host-", "__Secure-")):
        required["SESSION_COOKIE_SECURE"] = True
    if name.startswith("__Host-"):
        required |= {"SESSION_COOKIE_PATH": "/", "SESSION_COOKIE_DOMAIN": None}
    wrong = [
        f"{key} = {value!r}" for key, value in required.items() if getattr(settings, key) != value
    ]
    if wrong:
        yield Error(
            f'Browsers refuse the session cookie "{name}", so no user can log in.',
            hint=f"Write {', '.join(wrong)}.",
            id="django_logout.E054",
        )


def check_partitioned_cookie() -> Iterator[CheckMessage]:
    """Check that a session cookie with ``Partitioned`` is secure, as browsers require (CHIPS)."""
    if session_cookie_partitioned() is True and not settings.SESSION_COOKIE_SECURE:
        yield Error(
            "The session cookie is partitioned and not secure. Browsers refuse it, so no user can "
            "log in.",
            hint="Write SESSION_COOKIE_SECURE = True, or remove SESSION_COOKIE_PARTITIONED.",
            id="django_logout.E055",
        )


def check_witness() -> Iterator[CheckMessage]:
    """Check that ``WITNESS_COOKIE`` can be the name of a cookie, and is not one that Django needs."""
    witness = logout_settings().WITNESS_COOKIE
    try:
        SimpleCookie({str(witness): ""})
    except CookieError:
        yield Error(
            f'LOGOUT["WITNESS_COOKIE"] is {witness!r}, which no cookie can be named, so each login '
            "fails.",
            hint="Write a name of letters, digits, - and _, or None for no cookie.",
            id="django_logout.E047",
        )
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "LANGUAGE_COOKIE_NAME"):
        if getattr(settings, name) == witness:
            yield Error(
                f'LOGOUT["WITNESS_COOKIE"] is the same as {name}, so each login overwrites that '
                "cookie.",
                hint="Write another name, or None for no cookie.",
                id="django_logout.E056",
            )
