"""Where a worker can be stopped: the gaps between two steps that a race needs.

A point costs nothing until a test arms it. What is wrapped goes on doing what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

Patch = Callable[[Any, str, Any], None]

armed: set[str] = set()
pipe: Any = None


def stop(point: str) -> None:
    """Stop here if the test has asked for it, until it says to go on."""
    if point in armed:
        armed.discard(point)
        pipe.send(("stopped", point))
        armed.update(pipe.recv())


def _around(
    owner: Any, name: str, *, before: str = "", after: str = "", patch: Patch = setattr
) -> None:
    original = getattr(owner, name)

    @wraps(original)
    def stoppable(*args: Any, **kwargs: Any) -> Any:
        stop(before)
        result = original(*args, **kwargs)
        stop(after)
        return result

    patch(owner, name, stoppable)


def _cache_writes(backend: Any, patch: Patch) -> None:
    original: Callable[..., Any] = backend.set

    @wraps(original)
    def stoppable(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        if str(key).startswith("django_logout:seen:"):
            stop("remembering")
        elif "sessions" in str(key):
            stop("session into cache")
        return original(self, key, *args, **kwargs)

    patch(backend, "set", stoppable)


def install(*, plain: bool, patch: Patch = setattr) -> None:
    """Wrap the gaps: in Django's engines, and in the package where it is installed. For a while
    only, if ``patch`` is that of a pytest ``MonkeyPatch``."""
    from django.contrib.sessions.backends import db, file
    from django.core.cache.backends.memcached import BaseMemcachedCache
    from django.core.cache.backends.redis import RedisCache

    from tests.backends import SharedCache

    backends: list[Any] = [BaseMemcachedCache, RedisCache, SharedCache]
    if find_spec("django_redis"):
        backends.append(import_module("django_redis.cache").RedisCache)
    around = partial(_around, patch=patch)
    around(db.SessionStore, "_get_session_from_db", after="row read")
    patch(file, "shutil", SimpleNamespace(move=file.shutil.move))
    around(file.shutil, "move", before="file into place")
    for backend in backends:
        _cache_writes(backend, patch)
    if plain:
        return
    from django_logout.ending import audit, pipeline
    from django_logout.guard import prefetch, status_cache
    from django_logout.guard.store import GuardedStore
    from django_logout.models import LoginSession
    from django_logout.sessions import registry, status

    around(LoginSession, "save", before="login's row", after="login's row written")
    around(GuardedStore, "_after_save", before="engine saved")
    around(status, "get_status", before="generations taken", after="standing read")
    around(prefetch, "_ReadCache", after="read at one go")
    around(registry, "record_new_key", before="rotated")
    around(registry, "adopt_session", before="adopting", after="adopted")
    around(pipeline, "prepare_ending", before="selected", after="ready")
    around(status_cache, "mark_ended", before="committed", after="closed")
    around(audit, "record_event", after="recorded")
    around(registry, "end_rows", before="ending")
