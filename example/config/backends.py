"""Database and cache settings from a URL, so that one variable switches a real server in."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

DATABASES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
}
CACHES = {
    "locmem": "django.core.cache.backends.locmem.LocMemCache",
    "redis": "django.core.cache.backends.redis.RedisCache",
    "rediss": "django.core.cache.backends.redis.RedisCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
}
# Several workers may write: SQLite waits for its lock instead of failing, and readers go on.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL",
}


def database_from_url(url: str) -> dict[str, Any]:
    """``sqlite:////folder/file``, ``postgres://user:password@host:port/name`` or ``mysql://…``."""
    parts = urlsplit(url)
    if parts.scheme == "mysql" and not find_spec("MySQLdb"):
        import_module("pymysql").install_as_MySQLdb()
    settings: dict[str, Any] = {
        "ENGINE": DATABASES[parts.scheme],
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }
    return settings | ({"OPTIONS": SQLITE} if parts.scheme == "sqlite" else {})


def cache_from_url(url: str) -> dict[str, Any]:
    """``locmem://``, ``redis://host:port/db`` or ``memcached://host:port``."""
    parts = urlsplit(url)
    location = url if parts.scheme.startswith("redis") else parts.netloc
    return {"BACKEND": CACHES[parts.scheme], "LOCATION": location}
