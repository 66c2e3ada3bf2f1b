"""Database and cache settings from a URL, for tests that are pointed at real servers."""

import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from time_machine import escape_hatch

_DATABASES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
}
_CACHES = {
    "locmem": "django.core.cache.backends.locmem.LocMemCache",
    "shared": "tests.backends.SharedCache",
    "dummy": "django.core.cache.backends.dummy.DummyCache",
    "redis": "django.core.cache.backends.redis.RedisCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
}


def database_from_url(url: str) -> dict[str, Any]:
    """``sqlite://``, ``sqlite:///file``, ``postgres://user@host/name`` or ``mysql://…``."""
    parts = urlsplit(url)
    if parts.scheme == "mysql":
        _find_driver_of_mysql()
    settings: dict[str, Any] = {
        "ENGINE": _DATABASES[parts.scheme],
        "NAME": parts.path[1:] or ":memory:",
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }
    if parts.scheme == "sqlite":
        settings["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    return settings


def _find_driver_of_mysql() -> None:
    """Let PyMySQL be mysqlclient, which has to be compiled, where that is not installed."""
    if find_spec("MySQLdb") is None and find_spec("pymysql"):
        driver: Any = import_module("pymysql")
        driver.version_info = (2, 2, 4, "final", 0)  # Django asks for mysqlclient's number
        driver.install_as_MySQLdb()


def cache_from_url(url: str) -> dict[str, Any]:
    """``locmem://``, ``shared://``, ``dummy://``, ``redis://host:port/db``,
    ``memcached://host:port``."""
    parts = urlsplit(url)
    location = parts.netloc if parts.scheme == "memcached" else url
    if parts.scheme in {"locmem", "shared", "dummy"}:
        location = parts.netloc or "tests"
    return {"BACKEND": _CACHES[parts.scheme], "LOCATION": location, "KEY_PREFIX": "tests"}


def _now() -> float:
    return escape_hatch.time.time() if escape_hatch.is_travelling() else time.time()


class _Memory(LocMemCache):
    """The memory of a server, whose clock a test does not move."""

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        found = super().get_backend_timeout(timeout)
        return None if found is None else found - time.time() + _now()

    def _has_expired(self, key: str) -> bool:
        at = self._expire_info.get(key, -1)  # type: ignore[attr-defined]
        return at is not None and at <= _now()


def _handed_on(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.memory, name)(*args, **kwargs)

    return call


class SharedCache(BaseCache):
    """A cache in this process that counts as shared: one process is all the processes of most tests.

    It is no subclass of ``LocMemCache``, because those are known not to be shared.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {"MAX_ENTRIES": 100_000}  # the default of 300 would drop what a test still needs
        self.memory = _Memory(location, {**params, "OPTIONS": options})


_METHODS = ("get", "set", "add", "touch", "delete", "incr", "has_key", "clear")
for _name in (*_METHODS, "get_many", "set_many", "delete_many"):
    setattr(SharedCache, _name, _handed_on(_name))
