"""The ``LOGOUT`` setting, as one object that is never written to.

It is read at the time of use, so ``override_settings`` works. Mistakes are reported by
:mod:`django_logout.operations.checks`, not by an exception on import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from django.conf import settings
from django.core.signals import setting_changed

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

T = TypeVar("T")

#: Data that ``Clear-Site-Data`` can name, without ``"*"``, whose meaning browsers may extend.
SiteData = Literal[
    "storage",
    "prefetchCache",
    "prerenderCache",
    "cache",
    "cookies",
    "clientHints",
    "executionContexts",
]


class LogoutSettings(SimpleNamespace):
    """Every key of ``LOGOUT`` with its type and default.

    Durations are timedeltas or numbers of seconds. Callables take the user and the request.
    """

    ABSOLUTE_TIMEOUT: timedelta | int | Callable[..., Any] | None = None
    "Maximum time from login to the end of a session. A timedelta, seconds, or a callable."

    ADOPT_UNTIL: datetime | None = None
    "Time until which sessions without an id are accepted. By default, a session's age after install."

    CACHE_ALIAS: str | None = None
    "Alias of the cache that stores the status of sessions. By default, the cache of the sessions."

    CLEAR_SITE_DATA: tuple[SiteData, ...] = ()
    "Data that a browser is asked to clear when it logs out, by the header ``Clear-Site-Data``."

    CLIENTS: Mapping[str, Mapping[str, Any]] = {}
    "Applications that hear of logouts where this site is their provider, by client id."

    CLIENT_NETWORKS: tuple[str, ...] = ()
    "Networks with private addresses at which applications may hear of logouts, by HTTP too."

    DELIVERY: Literal["auto", "command"] = "auto"
    "By what applications hear of logouts: a task or thread, or ``manage.py logout deliver`` alone."

    DELETE_COOKIES: tuple[str | Mapping[str, str | bool | None], ...] = ()
    """Further cookies to delete. Names, or dicts with name, path, domain, samesite, secure and
    partitioned."""

    EXEMPT_CREDENTIALS: tuple[str, ...] = ()
    "Credentials that endings do not revoke, such as personal API keys. Names of revokers or apps."

    IDLE_TIMEOUT: timedelta | int | Callable[..., Any] | None = None
    "Maximum time between two requests of a session. A timedelta, seconds, or a callable."

    IP_STORAGE: Literal["full", "truncated", "none"] = "truncated"
    "Part of a client's IP address that is stored: all, its network (/24, /48), or nothing."

    KEEP_SESSION_KEYS: tuple[str, ...] = ()
    "Session keys that ``logout()`` copies into the new session."

    LAST_SEEN_INTERVAL: timedelta | int = 60
    "Minimum time between two writes of a session's activity. A timedelta or seconds."

    LOGIN_STATUS: bool = False
    "Whether browsers are told by the header ``Set-Login`` that a user has logged in or out (FedCM)."

    MAX_PRESENTED_SESSIONS: int = 20
    "Maximum number of further sessions of a browser, behind cookies of one name, that it ends."

    MAX_SESSIONS: int | Callable[..., Any] | None = None
    "Maximum number of sessions of one user. A number or a callable."

    NO_STORE: bool = False
    "Whether responses to logged in users are sent with ``Cache-Control: no-store``."

    NOT_CREDENTIALS: tuple[str, ...] = ()
    "Models that look like credentials and let no one in. Labels, such as ``shop.WishList``."

    NOTIFY: tuple[Literal["new_device", "sessions_ended"], ...] = ()
    "Events about which users are notified by mail."

    ON_MAX_SESSIONS: Literal["end_oldest", "refuse", "ask"] = "end_oldest"
    "What a login beyond ``MAX_SESSIONS`` does: end the oldest session, fail, or ask the user."

    PASSIVE_URLS: tuple[str, ...] = ()
    "Paths or view names of requests that pages send by themselves, and that are no activity."

    PRESET: Literal["aal1", "aal2", "aal3"] | None = None
    "Level of NIST SP 800-63B-4 whose timeouts are the defaults of this project."

    PROVIDERS: Mapping[str, Mapping[str, Any]] = {}
    "Providers through which users log in, by a name: see ``django_logout.federation``."

    REAUTHENTICATION_AGE: timedelta | int | None = 900
    "Maximum age of the login with which a user may end other sessions. ``None`` means any age."

    RESPONDERS: tuple[str, ...] = (
        "django_logout.responses.htmx.HtmxResponder",
        "django_logout.responses.json.JsonResponder",
        "django_logout.responses.redirect.RedirectResponder",
        "django_logout.responses.html.HtmlResponder",
    )
    "Dotted paths of responders. The first one that accepts the request writes the response."

    RETENTION: timedelta | int | None = 7_776_000  # 90 days
    "Time for which ``manage.py logout prune`` keeps what has ended. A timedelta or seconds."

    REVOKERS: tuple[str, ...] = ()
    "Dotted paths of the project's own revokers, in addition to those of the installed apps."

    SESSION_COOKIE_PARTITIONED: bool | None = None
    "Whether the session cookie is set with ``Partitioned``. ``None`` asks Django's setting, if any."

    TRUSTED_PROXIES: tuple[str, ...] = ()
    "Addresses or networks of the project's proxies, whose ``X-Forwarded-For`` is trusted."

    WAIT_FOR_CLIENTS: timedelta | int | float = 0
    "How long a logout waits until each application was tried. A timedelta or seconds."

    WITNESS_COOKIE: str | None = "logout_witness"
    "Name of a random cookie by which scripts notice each login and logout. ``None`` means no cookie."


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
    """Cache the results of a function until one of these settings is overridden."""

    def decorate(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        cached = lru_cache(maxsize=8)(function)

        def clear(*, setting: str, **kwargs: Any) -> None:
            if setting in names:
                cached.cache_clear()

        uid = f"{function.__module__}.{function.__qualname__}"
        setting_changed.connect(clear, weak=False, dispatch_uid=uid)
        return cached

    return decorate


@cached_until_setting_changes("LOGOUT")
def logout_settings() -> LogoutSettings:
    """Return the project's ``LOGOUT`` with the defaults. Unknown keys are ignored."""
    given = getattr(settings, "LOGOUT", None)
    if not isinstance(given, Mapping):
        given = {}
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if name in SETTING_NAMES
    }
    preset = known.get("PRESET")
    timeouts = PRESETS.get(preset, {}) if isinstance(preset, str) else {}
    return LogoutSettings(**{**timeouts, **known})


def as_timedelta(value: timedelta | float) -> timedelta:
    """Return a duration of the settings as a timedelta; numbers are seconds."""
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
