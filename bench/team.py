"""Run each contender in a process and a database of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.contenders import Contender
from tests import services

PATIENCE = 300
"Seconds to wait for one order."


class Worker:
    """The process of one contender, which takes orders over a pipe."""

    def __init__(self, contender: Contender, site: dict[str, str]) -> None:
        self.contender = contender
        command = [
            sys.executable,
            "-m",
            "bench.worker",
            json.dumps({"name": contender.name, **site}),
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self) -> Any:
        """Wait for the answer to the last order."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise SystemExit(f"{self.contender.name} {'died' if ready else 'does not answer'}")
        return json.loads(line)

    def order(self, **what: Any) -> None:
        """Send an order."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def ask(self, **what: Any) -> Any:
        """Send an order and wait for the answer."""
        self.order(**what)
        return self.answer()

    def end(self) -> None:
        """Let the process end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def at_work(database: str, contenders: list[Contender]) -> Iterator[list[Worker]]:
    """Start workers on a new database, which is dropped afterwards."""
    with ExitStack() as stack:
        prefix = f"bench{os.getpid()}"
        cache = services.URLS["redis"] if services.available("redis") else "locmem://"
        if database == "postgres":
            url = stack.enter_context(postgres(prefix, contenders))
        else:
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix=prefix))}"
        workers = []
        for contender in contenders:
            name = contender.name.replace("-", "_")
            schema, file = (name, "") if database == "postgres" else ("", f"/{name}")
            prefixed = {"cache": cache, "prefix": f"{prefix}:{name}"}
            site = {"database": url + file, "schema": schema, **prefixed}
            workers.append(Worker(contender, site))
            stack.callback(workers[-1].end)
        if cache != "locmem://":
            stack.callback(forget, cache, f"*{prefix}:*")
        for worker in workers:
            worker.answer()
        yield workers


@contextmanager
def postgres(name: str, contenders: list[Contender]) -> Iterator[str]:
    """Create a database with a schema for each contender."""
    import psycopg

    server = services.URLS["postgres"]
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            with psycopg.connect(url, autocommit=True) as inside:
                for contender in contenders:
                    inside.execute(f"CREATE SCHEMA {contender.name.replace('-', '_')}")
            yield url
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def forget(cache: str, pattern: str) -> None:
    """Delete the keys of a pattern from a cache that other programs use, too."""
    import redis

    client = redis.from_url(cache)
    for key in client.scan_iter(pattern, count=1000):
        client.delete(key)


def facts(database: str) -> str:
    """Return name and version of a database."""
    if database == "postgres":
        import psycopg

        with psycopg.connect(services.URLS["postgres"]) as connection:
            number = connection.info.server_version
            fsync = connection.execute("SHOW fsync").fetchone()
        return f"PostgreSQL {number // 10_000}.{number % 10_000}, fsync {fsync[0] if fsync else ''}"
    import sqlite3

    return f"SQLite {sqlite3.sqlite_version}, in files"
