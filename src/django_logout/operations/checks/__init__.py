"""System checks: each has an id, a sentence, and a hint that says what to type.

They ask no database and no cache, and raise nothing: what Django itself reports (a URLconf or a
middleware that does not import) is left to Django. Their table is in ``docs/checks.md``.
"""

from typing import Any

from django.core.checks import CheckMessage, Tags

from django_logout.operations.checks import (
    allauth,
    browser,
    credentials,
    database,
    engine,
    headless,
    jwt,
    middleware,
    ours,
    policies,
    proxies,
    settings,
    urls,
)

__all__ = [
    "allauth",
    "browser",
    "credentials",
    "database",
    "engine",
    "headless",
    "jwt",
    "middleware",
    "ours",
    "policies",
    "proxies",
    "settings",
    "urls",
]


def of_settings(**kwargs: Any) -> list[CheckMessage]:
    """All that look at settings alone."""
    return ours.run(Tags.security, **kwargs)


def of_urls(**kwargs: Any) -> list[CheckMessage]:
    """All that need the URLs, which Django's commands can do without."""
    return ours.run(Tags.urls, **kwargs)
