"""A cache that has to learn of endings, on any engine, and that fails; and a database that goes away."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from django_logout.guard import status_cache
from django_logout.sessions.caches import OpenCache, open_cache


def use_status_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every ending written to the default cache, whatever the engine."""
    monkeypatch.setattr(status_cache, "used_cache", lambda engine=None: open_cache("default"))


def make_cache_unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every ending written to a cache that takes nothing."""
    use_status_cache(monkeypatch)
    monkeypatch.setattr(OpenCache, "is_writable", lambda cache: False)


@contextmanager
def outage(url: str) -> Iterator[None]:
    """The database refuses new connections, and has closed the open ones."""
    import psycopg

    parts = urlsplit(url)
    login: Any = {"host": parts.hostname, "port": parts.port, "user": parts.username}
    name = parts.path[1:]
    with closing(psycopg.connect(**login, dbname="postgres", autocommit=True)) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
