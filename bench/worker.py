"""Run one contender in a process of its own, which reads orders from a pipe as lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from bench.contenders import BY_NAME, settings_for

CACHE_CALLS = ("get", "get_many", "set", "set_many", "add", "delete", "delete_many", "has_key")
CACHE_CALLS += ("touch", "incr")
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def timed(work: Iterator[None]) -> float:
    """Return the seconds that a task takes."""
    next(work)
    begin = perf_counter()
    next(work)
    took = perf_counter() - begin
    next(work, None)
    return took


def counted(work: Iterator[None]) -> dict[str, int]:
    """Count queries, statements (those of transactions, too) and calls to the cache's server."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    next(work)
    reset_queries()  # Django keeps the last 9,000
    with CaptureQueriesContext(connection) as captured, cache_calls() as calls:
        next(work)
    statements = [query["sql"] for query in captured.captured_queries]
    next(work, None)
    queries = [sql for sql in statements if not sql.startswith(TRANSACTION)]
    return {"queries": len(queries), "statements": len(statements), "cache": len(calls)}


@contextmanager
def cache_calls() -> Iterator[list[str]]:
    """Collect the names of the calls to Redis made meanwhile."""
    from django.core.cache.backends.redis import RedisCacheClient

    calls: list[str] = []

    def recording(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(method.__name__)
            return method(*args, **kwargs)

        return call

    before = {name: getattr(RedisCacheClient, name) for name in CACHE_CALLS}
    try:
        for name, method in before.items():
            setattr(RedisCacheClient, name, recording(method))
        yield calls
    finally:
        for name, method in before.items():
            setattr(RedisCacheClient, name, method)


def main(name: str, **site: str) -> None:
    """Answer orders until the pipe is closed."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    contender = BY_NAME[name]
    settings.configure(**settings_for(contender, **site))
    django.setup()
    call_command("migrate", verbosity=0)
    from bench import work

    does = getattr(work, contender.work)()
    print("true", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "rows" in order:
            answer: Any = does.grow(order["rows"])
        else:
            perform = getattr(does, order["task"])
            if order["times"]:
                answer = [timed(perform(order["sessions"])) for _ in range(order["times"])]
            else:
                answer = counted(perform(order["sessions"]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
