"""The set-ups that races are forced on: each session engine, with the caches it can use."""

from typing import Any
from uuid import uuid4

from tests import services
from tests.races.processes import Pool, World
from tests.settings import ENGINES, MIDDLEWARE

SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"

#: Engine and cache, and the gap in the middle of the engine's save.
SETUPS = {
    "db": ("db", "locmem", ""),
    "cached_db": ("cached_db", "redis", "session into cache"),
    "cached_db-memcached": ("cached_db", "memcached", "session into cache"),
    "cache": ("cache", "redis", "session into cache"),
    "cache-memcached": ("cache", "memcached", "session into cache"),
    "cache-django_redis": ("cache", "django_redis", "session into cache"),
    "file": ("file", "redis", "file into place"),
    "file-unshared": ("file", "locmem", "file into place"),
    "signed_cookies": ("signed_cookies", "redis", ""),
    "signed_cookies-unshared": ("signed_cookies", "locmem", ""),
    "qsessions": ("qsessions.backends.cached_db", "redis", "session into cache"),
}

_BACKENDS = {
    "locmem": "django.core.cache.backends.locmem.LocMemCache",
    "redis": "django.core.cache.backends.redis.RedisCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
    "django_redis": "django_redis.cache.RedisCache",
}


def cache_settings(kind: str) -> dict[str, Any]:
    """A cache with a prefix of its own, which keeps tests apart without clearing the server."""
    service = kind.removeprefix("django_")
    location = services.URLS.get(service, "races").removeprefix("memcached://")
    return {"BACKEND": _BACKENDS[kind], "LOCATION": location, "KEY_PREFIX": uuid4().hex}


def world(pool: Pool, setup: str, folder: str, *, atomic: bool = False) -> World:
    """A site on one of the set-ups."""
    engine, cache, gap = SETUPS[setup]
    settings: dict[str, Any] = {
        "SESSION_ENGINE": ENGINES.get(engine, engine),
        "CACHES": {"default": cache_settings(cache)},
        "SESSION_FILE_PATH": folder,
    }
    plain = pool.environment["FAULTS_PLAIN"] == "1"
    chain = [each for each in MIDDLEWARE if not (plain and each.startswith("django_logout."))]
    if engine.startswith("qsessions"):
        chain[chain.index(SESSION_MIDDLEWARE)] = "qsessions.middleware.SessionMiddleware"
    settings["MIDDLEWARE"] = chain
    return World(pool, engine, settings, gap, atomic)
