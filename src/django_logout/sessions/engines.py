"""What the project's session engine can do; the only module that deletes its stored sessions.

An unknown engine is assumed to have no capability, and is guarded.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from errno import ENAMETOOLONG, ENOENT
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib.sessions.backends import db as db_engine
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.db import router
from django.db.models import Manager, Model
from django.db.models.deletion import Collector
from django.db.models.signals import post_delete, pre_delete
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.exceptions import is_outage
from django_logout.models import LoginSession
from django_logout.sessions.caches import OpenCache, open_cache
from django_logout.sessions.sql import Prepared, placeholder, prepare_delete

#: The methods that a subclass of Django's ``db`` engine must not override, or its deletes are not
#: final.
_DB_METHODS = (
    "load",
    "aload",
    "save",
    "asave",
    "create",
    "acreate",
    "delete",
    "adelete",
    "_get_session_from_db",
    "_aget_session_from_db",
)

#: Django's engines that read a session from a cache.
_CACHED = tuple(f"django.contrib.sessions.backends.{name}" for name in ("cache", "cached_db"))

#: Django's engines whose sessions are rows, and the one whose sessions are in a cache alone.
_IN_TABLE = tuple(f"django.contrib.sessions.backends.{name}" for name in ("db", "cached_db"))
_IN_CACHE = "django.contrib.sessions.backends.cache"

#: Parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
MOST_KEYS = 10_000

#: Characters of a session key, of which memcached takes 250 with all prefixes. Django's have 32.
LONGEST_KEY = 128

#: The key of the data of a session that is stored to find out whether storage answers.
PROBE_KEY = "_django_logout_probe"


class Engine(NamedTuple):
    """A session engine's class and its capabilities."""

    store: type[SessionBase]

    final_deletes: bool
    "Django itself refuses a late write to a deleted session, and this package can delete it."

    model: type[Model] | None
    "The session table, if it is in the registry's database: then rows hold keys, and delete by them."

    hides_outages: bool
    "May take storage that does not answer for a session that does not exist."

    keyed: bool
    "Its sessions have a key on the server; the cookie is not the session itself."

    drops_expired: bool
    "Serves no session that is past its age, even if its key or cookie is presented."

    in_cache: bool
    "Loads a session as Django does from a cache: by one read of its key."

    native_async: bool
    "Loads or saves in coroutines of its own, not in those of Django's engines."

    def delete(self, keys: Iterable[str], using: str) -> None:
        """Delete sessions by key from the engine's table, in one statement for up to 10,000.

        The base manager is used: a default manager of the project may do more, such as emptying
        caches, which must not happen inside a transaction.
        """
        keys = list(keys)
        if self.model is None or not keys:
            return
        is_plain, rows = self.plain_table(using), self.model._base_manager.using(using)
        for begin in range(0, len(keys), MOST_KEYS):
            some = keys[begin : begin + MOST_KEYS]
            if is_plain:
                _delete_statement(self.model, using).with_list(some).run(using)
            else:
                rows.filter(session_key__in=some).delete()

    def plain_table(self, using: str) -> type[Model] | None:
        """Return the engine's table, which it must have, if SQL alone may delete its rows.

        Not if a signal has to be sent for each, or rows of other tables are deleted with it.
        """
        model = cast(type[Model], self.model)
        if pre_delete.has_listeners(model) or post_delete.has_listeners(model):
            return None
        return model if _stands_alone(model, using) else None

    def cache_keys(self, keys: Iterable[str]) -> list[str]:
        """Return the keys of sessions' data in the cache of sessions, if the engine has one."""
        if not is_backend(self.store, "cached_db", "cache"):
            return []
        prefix = self.store.cache_key_prefix  # type: ignore[attr-defined]
        return [prefix + key for key in keys]

    def delete_cached(self, keys: Iterable[str]) -> None:
        """Delete the cached copies of sessions whose rows are deleted."""
        if cached := self.cache_keys(keys):
            open_cache(settings.SESSION_CACHE_ALIAS).delete(cached)

    def read(self, keys: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the stored data of the sessions with these keys that the engine knows.

        Takes one query, or one read of the cache, on Django's engines of that kind. Other engines
        are asked for one session after the other. Raises what the engine raises.
        """
        table, cache = self._table_by("load"), self._cache_by("load")
        if table is not None:
            rows = table.objects.using(router.db_for_write(table)).order_by()
            found = rows.filter(session_key__in=keys, expire_date__gt=timezone.now())
            stored = found.values_list("session_key", "session_data")
            return {key: self.store(key).decode(data) for key, data in stored}
        if cache is not None:
            names = {self._cache_name(key): key for key in keys if _fits_cache(key)}
            return {names[name]: data for name, data in cache.get_many(names).items()}
        opened = {key: self.open_unguarded(key) for key in keys}
        loaded = {key: _load_one(session, key) for key, session in opened.items()}
        return {key: data for key, data in loaded.items() if data is not None}

    def discard(self, keys: Collection[str]) -> bool:
        """Delete what is stored under these keys, in one statement or one write to the cache.

        Returns false, without doing anything, if the engine has to delete them one by one. Raises
        what the engine raises.
        """
        table, cache = self._table_by("delete"), self._cache_by("delete")
        if table is not None:
            rows = table._base_manager.using(router.db_for_write(table))
            rows.filter(session_key__in=keys).delete()
            self.delete_cached(keys)
        elif cache is not None:
            cache.delete([self._cache_name(key) for key in keys if _fits_cache(key)])
        return table is not None or cache is not None

    def _table_by(self, method: str) -> Any:
        """Return the table that a method of Django's uses, unless the project has overridden it."""
        uses_table = _home(getattr(self.store, method)) in _IN_TABLE
        return self.store.get_model_class() if uses_table else None  # type: ignore[attr-defined]

    def _cache_by(self, method: str) -> OpenCache | None:
        uses_cache = _home(getattr(self.store, method)) == _IN_CACHE
        return open_cache(settings.SESSION_CACHE_ALIAS) if uses_cache else None

    def _cache_name(self, key: str) -> str:
        name: str = self.store(key).cache_key  # type: ignore[attr-defined]
        return name

    def list_keys(self) -> list[str] | None:
        """Return the keys of all stored sessions of Django's file engine; ``None`` for any other.

        Raises ``OSError`` if their folder cannot be read.
        """
        if not is_backend(self.store, "file"):
            return None
        store = self.open_unguarded()
        prefix = store.file_prefix
        with os.scandir(store.storage_path) as files:
            return [file.name[len(prefix) :] for file in files if file.name.startswith(prefix)]

    def open_unguarded(self, key: str | None = None) -> Any:
        """Return a session object of the engine's own class, as without this package.

        It is for code that reads many stored sessions and serves none of them.
        """
        session: Any = object.__new__(self.store)
        session.__init__(key)
        return session

    def written_at(self, session: Any, key: str | None) -> datetime | None:
        """Return when a session was stored, or ``None`` if its engine does not know.

        The signature of a cookie holds the time, and the file system knows that of a file. A table
        knows only when a session expires.
        """
        home = _home(self.store.load).rpartition("django.contrib.sessions.backends.")[2]
        if home == "file":
            with suppress(FileNotFoundError):  # Another request has deleted it meanwhile.
                return cast(datetime, session._last_modification())
        if home == "signed_cookies" and key:
            _, signed_at, _ = key.rsplit(":", 2)
            zone = UTC if settings.USE_TZ else None
            return datetime.fromtimestamp(signing.b62_decode(signed_at), zone)
        return None

    def kept_since(self) -> float | None:
        """Return since when a cache that holds sessions alone has kept them; else ``None``."""
        if not is_backend(self.store, "cache"):
            return None
        return open_cache(settings.SESSION_CACHE_ALIAS).kept_since()

    def reachable(self, keys: Collection[str]) -> bool:
        """Return whether the storage answers, after the engine has found no sessions by their keys.

        Engines that raise the errors of their storage would have raised one. An engine that is not
        one of Django's is asked to store a session and to load it again.
        """
        if not self.hides_outages:
            return True
        if is_backend(self.store, "cache"):
            return open_cache(settings.SESSION_CACHE_ALIAS).is_writable()
        if is_backend(self.store, "file"):
            return all(_file_is_missing(self.store(), key) for key in keys)
        return _stores_sessions(self.store)


def current_engine() -> Engine:
    """Return the engine of ``SESSION_ENGINE``."""
    return engine_of(import_module(settings.SESSION_ENGINE).SessionStore)


def engine_of(store: type[SessionBase]) -> Engine:
    """Return what a store class can do; a guarded one can do what the engine's own can."""
    return _of(getattr(store, "engine_store", store))


@cached_until_setting_changes("DATABASES")
def _stands_alone(model: type[Model], using: str) -> bool:
    """Return whether no row of another table is deleted with one of this, if no signal is sent."""
    return Collector(using).can_fast_delete(model._base_manager.using(using))


@cached_until_setting_changes("DATABASES")
def _delete_statement(model: Any, using: str) -> Prepared:
    key = placeholder(model, "session_key")
    return prepare_delete(model._base_manager.using(using).filter(session_key__in=[key]))


@cached_until_setting_changes("SESSION_ENGINE", "DATABASE_ROUTERS", "DATABASES")
def _of(store: type[SessionBase]) -> Engine:
    model = _local_table(store)
    return Engine(
        store=store,
        final_deletes=model is not None
        and not is_backend(store, "cached_db")
        and all(getattr(store, m) is getattr(db_engine.SessionStore, m) for m in _DB_METHODS)
        # The default manager finds sessions as Django's does (see ``guard.db_store``).
        and type(model.objects).get_queryset is Manager.get_queryset,  # type: ignore[attr-defined]
        model=model,
        hides_outages=not is_backend(store, "db", "signed_cookies"),
        keyed=is_backend(store, "db", "cache", "file"),
        # The file engine keeps those that set_expiry() has given a number of seconds for ever.
        drops_expired=is_backend(store, "db", "cache", "signed_cookies"),
        in_cache=all(_home(load) in _CACHED for load in (store.load, store.aload)),
        native_async=any(
            not _home(method).startswith("django.contrib.sessions.backends.")
            for method in (store.aload, store.asave)
        ),
    )


def _home(method: Any) -> str:
    """Return the module that defines a method, which may be inherited."""
    return str(method.__module__)


def _local_table(store: type[SessionBase]) -> type[Model] | None:
    if not issubclass(store, db_engine.SessionStore):
        return None
    table: type[Model] = store.get_model_class()
    here = router.db_for_write(LoginSession)
    return table if router.db_for_write(table) == here else None


def is_backend(store: type[SessionBase], *engines: str) -> bool:
    """Return whether a store is one of these engines of Django, or inherits from one.

    They are known by their names, so that no process imports engines that it does not use.
    """
    modules = {base.__module__ for base in store.__mro__}
    return any(f"django.contrib.sessions.backends.{engine}" in modules for engine in engines)


def _fits_cache(key: str) -> bool:
    """Return whether every cache takes a key; memcached refuses a whole batch for one that is not."""
    return len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and " " not in key


def _load_one(session: Any, key: str) -> dict[str, Any] | None:
    data: dict[str, Any] = session.load()
    if session.session_key == key:
        return data
    if session.session_key:  # Django's file engine replaces an expired session by an empty one
        session.delete(session.session_key)
    return None


def _file_is_missing(store: Any, key: str) -> bool:
    """Return whether a session has no file. Django's engine takes a file, a folder or a disk that
    it cannot read for the same."""
    try:
        with os.scandir(store.storage_path) as files:
            next(files, None)
    except OSError:
        return False
    try:
        Path(store._key_to_file(key)).stat()
    except SuspiciousOperation:
        return True
    except OSError as error:
        return error.errno in {ENOENT, ENAMETOOLONG}
    return False


def _stores_sessions(store: type[SessionBase]) -> bool:
    try:
        session = store()
        session[PROBE_KEY] = True
        session.create()
        key = session.session_key
        found = store(key).get(PROBE_KEY)
        session.delete(key)
    except Exception as error:
        if not is_outage(error):
            raise
        found = False
    return bool(found)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as its engine stores it."""

    key: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    expires: datetime
    written_at: datetime | None = None
    "When it was stored, if the engine knows."
