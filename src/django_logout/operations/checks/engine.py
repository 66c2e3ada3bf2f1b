"""Can the session engine be used, and guarded at a good price?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.db import router

from django_logout.conf import logout_settings
from django_logout.guard import status_cache
from django_logout.operations.checks.ours import register
from django_logout.sessions import engines, registry

SHARED = """CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:6379",
    }
}"""


@register(Tags.security)
def check_engine(**kwargs: Any) -> list[CheckMessage]:
    """The session engine, and what the gate needs to guard it."""
    try:
        engine = engines.current()
    except Exception as error:  # noqa: BLE001 - whatever a module raises, it cannot be used
        sentence = f"SESSION_ENGINE {settings.SESSION_ENGINE!r} cannot be used: {_say(error)}"
        hint = 'Write SESSION_ENGINE = "django.contrib.sessions.backends.db", Django\'s default.'
        return [Error(sentence, hint=hint, id="django_logout.E020")]
    found = _check_cache(guarded=not engine.final_deletes)
    table = engine.store.get_model_class() if hasattr(engine.store, "get_model_class") else None
    if table is not None and router.db_for_write(table) != registry.database():
        sentence = (
            "The session table and django_logout's are in different databases, "
            "so sessions cannot be deleted together with their record."
        )
        hint = (
            f"In your DATABASE_ROUTERS, let db_for_write() return {registry.database()!r} for the "
            f'app "{table._meta.app_label}", and let allow_migrate() agree.'
        )
        found.append(Warning(sentence, hint=hint, id="django_logout.W023"))
    return found


def _check_cache(*, guarded: bool) -> list[CheckMessage]:
    named: Any = logout_settings().CACHE_ALIAS
    alias: Any = named or settings.SESSION_CACHE_ALIAS
    if not isinstance(alias, str) or not (named or guarded):
        return []
    try:
        caches[alias]
    except Exception as error:  # noqa: BLE001 - whatever a backend raises, it cannot be used
        setting = 'LOGOUT["CACHE_ALIAS"]' if named else "SESSION_CACHE_ALIAS"
        sentence = f"{setting} names the cache {alias!r}, which cannot be used: {_say(error)}"
        hint = f'Name one of CACHES ({", ".join(settings.CACHES)}), or add "{alias}" there.'
        return [Error(sentence, hint=hint, id="django_logout.E021")]
    if not guarded or status_cache.shared_cache() is not None:
        return []
    sentence = (
        f"Sessions of {settings.SESSION_ENGINE} have to be guarded, and there is no cache that "
        "all processes share, so each request of a signed-in user asks the registry."
    )
    hint = f'Set up a shared cache, as below; name one that is not "default" in LOGOUT["CACHE_ALIAS"].\n{SHARED}'
    return [Warning(sentence, hint=hint, id="django_logout.W022")]


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".") + "."
