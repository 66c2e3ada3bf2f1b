"""Reach a shared cache so that its answers can be relied on.

* Replicas lag, so everything is read from the primary that is written.
* A Redis that is restarted from its snapshot, and a replica that is promoted, may have lost what
  was acknowledged. Each server has a name of its own, which the connection asks for, so that
  readers notice that they talk to another one (see :mod:`django_logout.guard.status_cache`).
* Where keys are spread over several primaries, each may be lost or cut off alone, and no call reads
  several keys at one time. Such a cache is not asked at all. Nor is one whose client does not let
  its servers be asked for their names.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from time import time
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from django_logout.exceptions import is_outage

logger = logging.getLogger("django_logout.gate")

#: Keys that are deleted at a time.
BATCH = 1000

#: The modules of caches that are clients of Redis or Valkey, and the option of each that holds the
#: arguments of its connections (``None``: all other options are), and the name of the argument that
#: is called on each new connection.
REDIS_CLIENTS = {
    "django.core.cache.backends.redis": (None, "redis_connect_func"),
    "django_redis.cache": ("CONNECTION_POOL_KWARGS", "redis_connect_func"),
    "django_valkey.cache": ("CONNECTION_POOL_KWARGS", "valkey_connect_func"),
}
MEMCACHED = "django.core.cache.backends.memcached"
#: Clients, by parts of their names, that spread keys over several primaries.
SPREADING_CLIENTS = re.compile(r"shard|cluster", re.IGNORECASE)
#: The options of clients that name a class.
CLASS_OPTIONS = (
    "CLIENT_CLASS",
    "CONNECTION_FACTORY",
    "CONNECTION_POOL_CLASS",
    "REDIS_CLIENT_CLASS",
    "BASE_CLIENT_CLASS",
    "pool_class",
)
#: What servers and clients say when several keys do not lie on one primary. No other error may match:
#: after an ending it would be taken for a success.
SPREAD_ERROR = re.compile(
    r"\bCROSSSLOT\b|all keys must map to the same key slot|Keys in request don't hash to the same slot"
)


@dataclass(slots=True)
class Server:
    """What this process knows of the server behind a cache."""

    name: str = ""
    "Random, and another one after each restart or failover; ``''`` if it cannot be asked."
    asked: bool = False
    "Whether the client lets its connections be asked, which one of the project's own may not do."
    spread: bool = False
    "Whether keys lie on several primaries, as far as is known."


@dataclass(frozen=True, eq=False, slots=True)
class OpenCache:
    """A cache that is read from its primary."""

    alias: str
    "Its name in CACHES."
    backend: BaseCache
    "An object of the project's class."
    server: Server
    raises: bool
    "Whether it raises every error, so that what is done need not be read back."

    @property
    def notices_restarts(self) -> bool:
        """Whether nothing that was lost or brought back in a restart goes unnoticed."""
        return self.raises or MEMCACHED in modules_of(type(self.backend))

    def read_status(self, keys: Iterable[str]) -> Mapping[str, Any] | None:
        """Return those of these entries that are there, or ``None`` if they cannot be relied on.

        That is known with the first answer, so no process uses, or stores, what endings do not
        write. Raises what the client raises.
        """
        found: Mapping[str, Any] = self.backend.get_many(keys)
        if self.raises and not self.server.asked and not self.server.spread:
            logger.warning(
                "The client of the cache %s does not call what CACHES names for new connections, "
                "so a restart cannot be noticed. The database is asked in its place.",
                self.alias,
            )
            self.server.spread = True
        return None if self.server.spread else found

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return those of these entries that are there."""
        if not self.server.spread:
            try:
                found: Mapping[str, Any] = self.backend.get_many(keys)
            except Exception as error:
                if not self.found_spread(error):
                    raise
            else:
                return found
        entries = {key: self.backend.get(key) for key in keys}
        return {key: value for key, value in entries.items() if value is not None}

    def kept_since(self) -> float:
        """Return since when the cache has kept an entry, in seconds since the epoch.

        The entry is made by the first call, and anew by the first after the cache was emptied. So
        all that was stored before that is lost.
        """
        since: Any = self.backend.get_or_set("django_logout:kept_since", time, None)
        return float(since)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete entries; several at a time, where one call may be about several keys."""
        if self.server.spread:
            for key in keys:
                self.backend.delete(key)
            return
        keys = list(keys)
        for begin in range(0, len(keys), BATCH):
            self.backend.delete_many(keys[begin : begin + BATCH])

    def is_writable(self) -> bool:
        """Return whether the cache can store, or at least delete, an entry now.

        A full Redis refuses to store, and deleting is enough for an ending. In clients that swallow
        errors, only ``add()`` tells whether something was done.
        """
        key = f"django_logout:probe{secrets.token_hex(8)}"
        try:
            if self.raises:
                self.backend.delete(key)
                return True
            return bool(self.backend.add(key, "", 10))
        except Exception as error:
            if not is_outage(error):
                raise
            logger.exception(
                "The cache %s does not answer, so no ending can be written to it.", self.alias
            )
            return False

    def found_spread(self, error: Exception) -> bool:
        """Return whether an error says that keys are spread; then the cache is not asked again."""
        if SPREAD_ERROR.search(str(error)):
            self.server.spread = True
        return self.server.spread


#: The opened caches by the project's own objects, of which each thread has one.
_opened: WeakKeyDictionary[BaseCache, OpenCache] = WeakKeyDictionary()
#: The servers by alias and location.
_servers: dict[str, Server] = {}


def open_cache(alias: str) -> OpenCache:
    """Return the cache with this alias, opened on its primary."""
    cache = caches[alias]
    found = _opened.get(cache)
    # The first server of several primaries is one among equals, and may be gone.
    if found is None or (found.raises and found.server.spread):
        found = _opened[cache] = _open(alias, cache)
    return found


def _open(alias: str, cache: BaseCache) -> OpenCache:
    params = {**caches.settings[alias]}
    del params["BACKEND"]
    location, options = params.pop("LOCATION", ""), dict(params.get("OPTIONS") or {})
    server = _servers.setdefault(f"{alias} {location}", Server())
    modules = modules_of(type(cache))
    places = places_of(location)
    if _is_spreading(cache, options) or (MEMCACHED in modules and len(places) > 1):
        server.spread = True
    client_module = next((module for module in REDIS_CLIENTS if module in modules), None)
    if client_module is None or server.spread:
        return OpenCache(alias, cache, server, raises=False)
    where, argument = REDIS_CLIENTS[client_module]
    arguments = options if where is None else options.setdefault(where, {})
    arguments = {**arguments, argument: partial(_ask_name, server, arguments.get(argument))}
    if where is None:
        options = arguments
    else:
        options |= {where: arguments, "IGNORE_EXCEPTIONS": False}
    # Clients that share their connections between objects do so by the URL. The fragment, which no
    # client reads, keeps those of the project and of other aliases apart, whose arguments differ.
    # As a list, because clients of a Sentinel add its replicas to a single URL.
    primary = [places[0] if where is None else f"{places[0]}#django_logout:{alias}"]
    make: Any = type(cache)
    backend = make(primary, {**params, "OPTIONS": options})
    _keep_client(getattr(backend, "_cache", None))
    return OpenCache(alias, backend, server, raises=True)


def _is_spreading(backend: BaseCache, options: Mapping[str, Any]) -> bool:
    """Return whether a client spreads its keys, by the names of the classes that it consists of."""
    names = [
        *(f"{each.__module__}.{each.__qualname__}" for each in type(backend).__mro__),
        getattr(backend, "_class", ""),
        getattr(settings, "DJANGO_REDIS_CONNECTION_FACTORY", ""),
        *(options.get(name, "") for name in CLASS_OPTIONS),
    ]
    return any(SPREADING_CLIENTS.search(str(name)) for name in names)


def _keep_client(connections: Any) -> None:
    """Use one client of redis-py for all calls. Threads and forked processes may share it.

    Django makes a client for each call, which takes three times as long as the call itself. Other
    backends keep one as well. What a project makes its clients of is left alone.
    """
    make: Any = getattr(type(connections), "get_client", None)
    if getattr(make, "__module__", "") == "django.core.cache.backends.redis":
        connections._client = cache(connections._client)


def places_of(location: Any) -> list[str]:
    """Return the addresses of a ``LOCATION``, the primary first."""
    if isinstance(location, list | tuple):
        return list(location)
    return re.split("[;,]", str(location))


def modules_of(backend: type) -> set[str]:
    """Return the modules of a class and of those that it is derived from."""
    return {base.__module__ for base in backend.__mro__}


def _ask_name(server: Server, before: Callable[[Any], Any] | None, connection: Any) -> None:
    """Ask a server for its name when a connection to it is opened.

    ``before`` is what the project wants to be called on new connections, which has to log in.
    """
    if before is None:
        connection.on_connect()
    else:
        before(connection)
    try:
        connection.send_command("INFO")
        info = connection.read_response()
    except Exception as error:
        if not any(each.__name__ == "ResponseError" for each in type(error).__mro__):
            raise
        logger.warning("The cache does not answer INFO, so a restart is not noticed: %s", error)
        info = b""
    server.asked = True
    facts = dict(re.findall(r"^(\w+):(\w+)", _as_text(info), re.MULTILINE))
    # Redis and Valkey, which differ in the name.
    modes = (facts.get("redis_mode"), facts.get("server_mode"))
    server.spread = server.spread or "cluster" in modes
    # The second changes with each promotion, even if the server was the primary before.
    server.name = facts.get("run_id", "")[:16] + facts.get("master_replid", "")[:16]


def _as_text(info: Any) -> str:
    return info.decode(errors="replace") if isinstance(info, bytes) else str(info)
