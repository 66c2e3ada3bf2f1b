"""Measure what an installed app costs that is not used.

That is the time to set up a process, its memory, and the time of a request that reads neither
session nor user.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import dataclass, field
from time import process_time
from typing import Any

from bench.contenders import BY_NAME, settings_for

NAMES = ("django-db", "ours-db", "allauth", "user-sessions", "qsessions")
LOOPS, LOOP = 15, 500
"How many loops of such requests are timed, and how many requests a loop has."


@dataclass
class Process:
    """What one contender costs."""

    seconds: list[float] = field(default_factory=list)
    "CPU time of each turn."
    memory: int = 0
    "Bytes that Python has allocated, as tracemalloc counts them."
    passing: list[float] = field(default_factory=list)
    "Microseconds of CPU in each turn that its middleware and the session's spend on such a request."

    @property
    def costs(self) -> tuple[float, float, float]:
        """Return milliseconds, megabytes and microseconds. The shortest time counts: other
        processes on the machine disturbed it least."""
        return min(self.seconds) * 1000, self.memory / 1e6, min(self.passing)

    def more(self, base: Process) -> tuple[float, float, float]:
        """Return the same costs, less those of another contender."""
        (ms, mb, us), (base_ms, base_mb, base_us) = self.costs, base.costs
        return ms - base_ms, mb - base_mb, us - base_us


def take_turns(rounds: int) -> dict[str, Process]:
    """Measure in turns. The first round does not count, since it compiles."""
    found = {name: Process() for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name in NAMES[number % len(NAMES) :] + NAMES[: number % len(NAMES)]:
                seconds, microseconds = _ask(name, folder, "time")
                if number:
                    found[name].seconds.append(seconds)
                    found[name].passing.append(microseconds)
        for name in NAMES:
            (found[name].memory,) = map(int, _ask(name, folder, "memory"))
    return found


def _ask(name: str, folder: str, what: str) -> list[float]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "bench.process", name, what]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def main(name: str, what: str) -> None:
    """Set the site up as a server does, with its URLs, and print what that costs."""
    if what == "memory":
        tracemalloc.start()
    site = {"database": "sqlite://", "schema": "", "cache": "locmem://", "prefix": "bench"}
    from django.conf import settings

    settings.configure(**settings_for(BY_NAME[name], **site))
    begin = process_time()
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import get_resolver

    WSGIHandler()
    get_resolver()._populate()
    seconds = process_time() - begin
    if what == "memory":
        print(tracemalloc.get_traced_memory()[0])
    else:
        print(seconds, passing())


def passing() -> float:
    """Return the CPU time, in microseconds, of a request that reads neither session nor user.

    Only the session middleware and the middleware of the app count. The fastest loop is returned:
    other processes disturbed it least.
    """
    from django.conf import settings
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory
    from django.utils.module_loading import import_string

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    handle: Any = view
    for path in reversed(settings.MIDDLEWARE):
        if not path.startswith("django.") or path.endswith(".SessionMiddleware"):
            handle = import_string(path)(handle)
    make, times = RequestFactory(headers={"cookie": "sessionid=" + "x" * 32}), []
    for _ in range(LOOPS):
        requests = [make.get("/") for _ in range(LOOP)]
        for request in requests:
            request.COOKIES  # noqa: B018 - parses them before the clock starts
        begin = process_time()
        for request in requests:
            handle(request)
        times.append(process_time() - begin)
    return min(times) / LOOP * 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
