"""The car site's own settings, with passwords that are quick to check: browsers log in often. One
browser, by its name, finds that there is place for one session only, another is soon idle."""

from typing import Any

from config.settings import *  # type: ignore[import-not-found]  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def places(user: Any, request: Any) -> int | None:
    """How many sessions there may be."""
    return 1 if "Strict" in request.headers.get("User-Agent", "") else None


def patience(user: Any, request: Any) -> int | None:
    """How many seconds a session may idle."""
    agent = request.headers.get("User-Agent", "") if request is not None else ""
    return 22 if "Hasty" in agent else None


LOGOUT = {"MAX_SESSIONS": places, "ON_MAX_SESSIONS": "ask", "IDLE_TIMEOUT": patience}
