"""Database and cache settings from a URL, for tests that are pointed at real servers."""

from typing import Any
from urllib.parse import urlsplit

_DATABASES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
}
_CACHES = {
    "locmem": "django.core.cache.backends.locmem.LocMemCache",
    "dummy": "django.core.cache.backends.dummy.DummyCache",
    "redis": "django.core.cache.backends.redis.RedisCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
}


def database_from_url(url: str) -> dict[str, Any]:
    """``sqlite://``, ``sqlite:///file``, ``postgres://user@host/name`` or ``mysql://…``."""
    parts = urlsplit(url)
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


def cache_from_url(url: str) -> dict[str, Any]:
    """``locmem://``, ``dummy://``, ``redis://host:port/db`` or ``memcached://host:port``."""
    parts = urlsplit(url)
    location = parts.netloc if parts.scheme == "memcached" else url
    if parts.scheme in {"locmem", "dummy"}:
        location = parts.netloc or "tests"
    return {"BACKEND": _CACHES[parts.scheme], "LOCATION": location, "KEY_PREFIX": "tests"}
