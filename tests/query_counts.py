"""Counts what a piece of work costs: statements, and calls to the real cache."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.auth.views import LogoutView
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import PyMemcacheCache
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from tests import urls
from tests.backends import SharedCache
from tests.clients import unguarded
from tests.settings import MIDDLEWARE

READS = ("get", "get_many", "has_key")
WRITES = ("add", "set", "set_many", "delete", "delete_many", "touch", "incr")
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")

_calls: list[str] = []


def _counted(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        _calls.append(name)
        return getattr(super(type(self), self), name)(*args, **kwargs)

    return call


_COUNTED = {name: _counted(name) for name in (*READS, *WRITES)}
Shared = type("Shared", (SharedCache,), dict(_COUNTED))
LocMem = type("LocMem", (LocMemCache,), dict(_COUNTED))
Redis = type("Redis", (RedisCache,), dict(_COUNTED))
Memcached = type("Memcached", (PyMemcacheCache,), dict(_COUNTED))

_BACKENDS = {
    "LocMemCache": "LocMem",
    "SharedCache": "Shared",
    "RedisCache": "Redis",
    "PyMemcacheCache": "Memcached",
}


def counted(caches: dict[str, Any]) -> dict[str, Any]:
    """The same caches, counting."""
    return {
        alias: {
            **params,
            "BACKEND": f"{__name__}.{_BACKENDS[params['BACKEND'].rpartition('.')[2]]}",
        }
        for alias, params in caches.items()
    }


@dataclass
class Cost:
    """What it was."""

    statements: list[str] = field(default_factory=list)
    cache: list[str] = field(default_factory=list)

    @property
    def queries(self) -> int:
        """Statements beside transaction control."""
        return sum(not sql.startswith(TRANSACTION) for sql in self.statements)

    @property
    def reads(self) -> int:
        """Cache reads."""
        return sum(call in READS for call in self.cache)


@contextmanager
def cost() -> Iterator[Cost]:
    """Count what happens inside."""
    found = Cost()
    _calls.clear()
    with CaptureQueriesContext(connection) as captured:
        yield found
    found.statements = [query["sql"] for query in captured.captured_queries]
    found.cache = list(_calls)


class PlainUrls:
    """The test project's URLs, with Django's own logout in place of ours."""

    urlpatterns: list[Any] = [
        path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
        *urls.urlpatterns,  # ours are among them, and come too late
    ]


@contextmanager
def plain_django() -> Iterator[None]:
    """The same project without this package."""
    signals = (user_logged_in, user_logged_out)
    before = [list(signal.receivers) for signal in signals]
    for signal in signals:
        for name in ("django_logout.login", "django_logout.logout"):
            signal.disconnect(dispatch_uid=name)
    theirs = [entry for entry in MIDDLEWARE if not entry.startswith("django_logout")]
    try:
        with (
            override_settings(MIDDLEWARE=theirs, ROOT_URLCONF=PlainUrls()),
            unguarded(),
        ):
            yield
    finally:
        # In the same order: those of others come after ours for a reason.
        for signal, connected in zip(signals, before, strict=True):
            signal.receivers[:] = connected
            signal.sender_receivers_cache.clear()
