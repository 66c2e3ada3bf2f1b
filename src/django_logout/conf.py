"""The ``LOGOUT`` setting, read as one object, to which nobody writes.

Read at the time of use, so ``override_settings`` just works; mistakes are
reported by :mod:`django_logout.operations.checks`, never by an exception at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from django.conf import settings
from django.core.signals import setting_changed

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

T = TypeVar("T")

#: What the header ``Clear-Site-Data`` can name. (Not ``"*"``: nobody knows what it will mean.)
SiteData = Literal[
    "storage",
    "prefetchCache",
    "prerenderCache",
    "cache",
    "cookies",
    "clientHints",
    "executionContexts",
]


class LogoutSettings:
    """Every key of ``LOGOUT`` with its type and default."""

    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)

    RESPONDERS: tuple[str, ...] = (
        "django_logout.responses.htmx.HtmxResponder",
        "django_logout.responses.json.JsonResponder",
        "django_logout.responses.redirect.RedirectResponder",
        "django_logout.responses.html.HtmlResponder",
    )
    "Kinds of response, as dotted paths; the first that suits the request is used."

    EXEMPT_CREDENTIALS: tuple[str, ...] = ()
    "Credentials that are spared, being personal API keys: names of their revokers, or of apps."

    ON_MAX_SESSIONS: Literal["end_oldest", "refuse", "ask"] = "end_oldest"
    "Whoever logs in beyond ``MAX_SESSIONS``: their oldest session ends, or none, or they choose."

    CACHE_ALIAS: str | None = None
    "Alias of the cache that remembers which sessions are alive; by default the sessions' own."

    CLEAR_SITE_DATA: tuple[SiteData, ...] = ()
    "What the browser that has logged out is asked to clear; see the ``Clear-Site-Data`` header."

    DELETE_COOKIES: tuple[str | Mapping[str, str | bool | None], ...] = ()
    "Further cookies to delete: a name, or a dict of name, path, domain, samesite and secure."

    IDLE_TIMEOUT: timedelta | int | Callable[..., Any] | None = None
    "How long a session may go without a request (timedelta or seconds), or who knows it by user."

    IP_STORAGE: Literal["full", "truncated", "none"] = "truncated"
    "How much of a client's address is stored: all, its network (/24, /48), or nothing."

    KEEP_SESSION_KEYS: tuple[str, ...] = ()
    "Session keys that ``logout()`` carries into the fresh session."

    ABSOLUTE_TIMEOUT: timedelta | int | Callable[..., Any] | None = None
    "How long after its login a session ends, whatever is done, or who knows it by user."

    MAX_SESSIONS: int | Callable[..., Any] | None = None
    "How many sessions one user may have, or who knows it by user."

    NO_STORE: bool = False
    "Whether pages of those who are signed in may not be stored: ``Cache-Control: no-store``."

    NOTIFY: tuple[Literal["new_device", "sessions_ended"], ...] = ()
    "What users are told of by mail."

    PASSIVE_URLS: tuple[str, ...] = ()
    "Paths, or names of views, of requests that the page makes by itself: no activity."

    PRESET: Literal["aal1", "aal2", "aal3"] | None = None
    "Fills ``IDLE_TIMEOUT`` and ``ABSOLUTE_TIMEOUT``, where you do not, with those of NIST SP 800-63B-4."

    REAUTHENTICATION_AGE: timedelta | int | None = 900
    "Who logged in longer ago is asked again before other sessions end (``None``: nobody is)."

    RETENTION: timedelta | int | None = 7_776_000
    "How long ``manage.py logout prune`` leaves what has ended (timedelta or seconds): 90 days."

    REVOKERS: tuple[str, ...] = ()
    "Dotted paths of revokers of your own, beside those of the installed apps."

    LAST_SEEN_INTERVAL: timedelta | int = 60
    "Activity of a session is written at most once in so long (timedelta or seconds)."

    TRUSTED_PROXIES: tuple[str, ...] = ()
    "Addresses or networks of your own proxies: ``X-Forwarded-For`` is believed from them only."


#: NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3.
PRESETS: Mapping[Any, Mapping[str, timedelta]] = {
    "aal1": {"ABSOLUTE_TIMEOUT": timedelta(days=30)},
    "aal2": {"ABSOLUTE_TIMEOUT": timedelta(hours=24), "IDLE_TIMEOUT": timedelta(hours=1)},
    "aal3": {"ABSOLUTE_TIMEOUT": timedelta(hours=12), "IDLE_TIMEOUT": timedelta(minutes=15)},
}

SETTING_NAMES = frozenset(LogoutSettings.__annotations__)


def cached_until_setting_changes(
    *names: str,
) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """What a function has found out, until one of these settings is overridden."""

    def decorate(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        cached = lru_cache(maxsize=8)(function)

        def forget(*, setting: str, **kwargs: Any) -> None:
            if setting in names:
                cached.cache_clear()

        where = f"{function.__module__}.{function.__qualname__}"
        setting_changed.connect(forget, weak=False, dispatch_uid=where)
        return cached

    return decorate


@cached_until_setting_changes("LOGOUT")
def logout_settings() -> LogoutSettings:
    """The project's ``LOGOUT`` with defaults filled in; what is wrong in it is left to the checks."""
    given = getattr(settings, "LOGOUT", None)
    if not isinstance(given, Mapping):
        given = {}
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if name in SETTING_NAMES
    }
    preset = known.get("PRESET")
    filling = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    return LogoutSettings(**{**filling, **known})


def as_timedelta(value: timedelta | float) -> timedelta:
    """A duration of the settings, where plain numbers are seconds."""
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
