"""System checks: each has an id, a sentence, and a hint that says what to type.

They ask no database and no cache, and raise nothing: what Django itself reports (a URLconf or a
middleware that does not import) is left to Django. Their table is in ``docs/checks.md``.
"""

from django_logout.checks import (
    allauth,
    browser,
    credentials,
    database,
    engine,
    expiry,
    headless,
    jwt,
    middleware,
    proxies,
    setting,
    urls,
)

__all__ = [
    "allauth",
    "browser",
    "credentials",
    "database",
    "engine",
    "expiry",
    "headless",
    "jwt",
    "middleware",
    "proxies",
    "setting",
    "urls",
]
