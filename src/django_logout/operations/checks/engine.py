"""Checks for the session engine, its cache and the databases."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import router

from django_logout.conf import logout_settings
from django_logout.guard import status_cache
from django_logout.models import LoginSession
from django_logout.operations.checks.imports import modules_of
from django_logout.sessions import caches as shared
from django_logout.sessions import engines, registry

SHARED = """CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:6379",
    }
}"""


def check_engine() -> Iterator[CheckMessage]:
    """Check that the session engine can be imported, its cache, and the database of its table."""
    try:
        engine = engines.current_engine()
    except Exception as error:  # noqa: BLE001 - importing a module can raise anything
        yield Error(
            f"SESSION_ENGINE {settings.SESSION_ENGINE!r} cannot be used: {_describe(error)}",
            hint='Write SESSION_ENGINE = "django.contrib.sessions.backends.db", Django\'s default.',
            id="django_logout.E020",
        )
        return
    yield from _check_cache(guarded=not engine.final_deletes)
    store = engine.store
    table = store.get_model_class() if hasattr(store, "get_model_class") else None
    if table is not None and router.db_for_write(table) != registry.database():
        yield Warning(
            "The session table and django_logout's tables are in different databases, "
            "so sessions cannot be deleted together with their record.",
            hint=f"In your DATABASE_ROUTERS, let db_for_write() return {registry.database()!r} for "
            f'the app "{table._meta.app_label}", and let allow_migrate() agree.',
            id="django_logout.W023",
        )


def _check_cache(*, guarded: bool) -> Iterator[CheckMessage]:
    """Check that the cache for the status of sessions exists, and that all processes share it."""
    named: Any = logout_settings().CACHE_ALIAS
    alias: Any = named or settings.SESSION_CACHE_ALIAS
    if not isinstance(alias, str) or not (named or guarded):
        return
    try:
        caches[alias]
    except Exception as error:  # noqa: BLE001 - importing a backend can raise anything
        setting = 'LOGOUT["CACHE_ALIAS"]' if named else "SESSION_CACHE_ALIAS"
        yield Error(
            f"{setting} names the cache {alias!r}, which cannot be used: {_describe(error)}",
            hint=f'Name one of CACHES ({", ".join(settings.CACHES)}), or add "{alias}" there.',
            id="django_logout.E021",
        )
        return
    if guarded and _is_spread(alias):
        yield Warning(
            f"The cache {alias!r} spreads its keys over several servers. Each may lose what it "
            "knows of a session, so each request of a logged-in user queries the registry.",
            hint='Write LOGOUT = {"CACHE_ALIAS": "..."} with the alias of a cache on one server.',
            id="django_logout.W026",
        )
    # One process is enough while a site is developed, so it needs no shared cache.
    elif guarded and not settings.DEBUG and status_cache.shared_cache() is None:
        yield Warning(
            f"Sessions of {settings.SESSION_ENGINE} have to be guarded, and there is no cache that "
            "all processes share, so each request of a logged-in user queries the registry.",
            hint='Set up a shared cache, as below. If its alias is not "default", name it in '
            f'LOGOUT["CACHE_ALIAS"].\n{SHARED}',
            id="django_logout.W022",
        )
    cache = status_cache.shared_cache() if guarded else None
    if cache is not None and not cache.notices_restarts:
        yield Info(
            f"The cache {alias!r} cannot be asked whether it was restarted. If it comes back with "
            "what it held before, an ended session may be served for up to 60 seconds.",
            hint='Use Redis, Valkey or Memcached, or name such a cache: LOGOUT = {"CACHE_ALIAS": '
            '"..."}.',
            id="django_logout.I028",
        )


def check_replicas() -> Iterator[CheckMessage]:
    """Check whether sessions are read from servers that lag behind, or from one of several."""
    read, written = router.db_for_read(LoginSession), registry.database()
    if read != written:
        yield Warning(
            f"django_logout's tables are written to the database {written!r}, but the admin and "
            f"queries of your own read them from {read!r}, where ended sessions may seem active.",
            hint=f"In your DATABASE_ROUTERS, let db_for_read() return {written!r} for the app "
            '"django_logout".',
            id="django_logout.W025",
        )
    alias: Any = settings.SESSION_CACHE_ALIAS
    given = settings.CACHES.get(alias) if isinstance(alias, str) else None
    if given is None or "edis" not in str(given.get("BACKEND")) or not _is_cache_engine():
        return
    if len(shared.places_of(given.get("LOCATION", ""))) > 1 and not _is_spread(alias):
        yield Warning(
            f"The cache {alias!r} holds the sessions and reads them from replicas. One that lags "
            "does not have a new session yet, and its user seems not to be logged in.",
            hint=f'Write one address in CACHES["{alias}"]["LOCATION"], that of the primary, or '
            "name a cache of its own in SESSION_CACHE_ALIAS.",
            id="django_logout.W027",
        )


def _is_spread(alias: str) -> bool:
    """Return whether a cache has its keys on several primaries, as far as the settings tell."""
    try:
        return shared.open_cache(alias).server.spread
    except Exception:  # noqa: BLE001 - importing a backend can raise anything; E021 reports it
        return False


def _is_cache_engine() -> bool:
    """Return whether the session engine, if it can be imported, holds sessions in a cache."""
    try:
        store = engines.current_engine().store
    except Exception:  # noqa: BLE001 - importing a module can raise anything; E020 reports it
        return False
    return any("backends.cache" in kind for kind in modules_of(store))


def check_user_database() -> Iterator[CheckMessage]:
    """Check that users are in our database: the rows of sessions have a foreign key to them."""
    users, ours = router.db_for_write(get_user_model()), registry.database()
    if users != ours:
        yield Error(
            f"Users are written to the database {users!r} and their sessions to {ours!r}, so "
            "sessions cannot be registered, found or ended.",
            hint=f"In your DATABASE_ROUTERS, let db_for_write() return {users!r} for the app "
            '"django_logout", and let allow_migrate() agree.',
            id="django_logout.E024",
        )


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".") + "."
