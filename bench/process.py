"""What an app costs whoever does not use it: time to set a process up, memory, and the time of a
request that looks at neither session nor user."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import dataclass, field
from statistics import median
from time import process_time
from typing import Any

from bench.contenders import BY_NAME, settings_for

NAMES = ("django-db", "ours-db", "allauth", "user-sessions", "qsessions")
LOOPS, LOOP = 25, 1000
"How often such requests are timed, and how many at a time."


@dataclass
class Process:
    """One contender's."""

    seconds: list[float] = field(default_factory=list)
    "CPU; one for each turn."
    memory: int = 0
    "Bytes that Python has allocated, as tracemalloc counts them."
    passing: list[float] = field(default_factory=list)
    "CPU of its middleware and the session's for one ignoring request, microseconds; for each turn."

    @property
    def median(self) -> float:
        """Milliseconds."""
        return median(self.seconds) * 1000

    def more(self, base: Process) -> tuple[float, float, float]:
        """Milliseconds, megabytes and microseconds over another's; the times turn by turn."""
        return (
            _median_difference(self.seconds, base.seconds) * 1000,
            (self.memory - base.memory) / 1e6,
            _median_difference(self.passing, base.passing),
        )


def take_turns(rounds: int) -> dict[str, Process]:
    """Measure. The first round, which compiles, is for nothing."""
    found = {name: Process() for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name in NAMES[number % len(NAMES) :] + NAMES[: number % len(NAMES)]:
                if number:
                    found[name].seconds.append(_ask(name, folder, "time"))
                    found[name].passing.append(_ask(name, folder, "passing"))
                else:
                    _ask(name, folder, "time")
        for name in NAMES:
            found[name].memory = int(_ask(name, folder, "memory"))
    return found


def _median_difference(mine: list[float], theirs: list[float]) -> float:
    return median(one - other for one, other in zip(mine, theirs, strict=True))


def _ask(name: str, folder: str, what: str) -> float:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "bench.process", name, what]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main(name: str, what: str) -> None:
    """Set the site up as a server does, its URLs included, and say what that cost."""
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
        print(seconds if what == "time" else passing())


def passing() -> float:
    """Microseconds of CPU that a request which looks at nothing spends in the middleware of the
    sessions, Django's or another's, and in what the app has behind it: those of the fastest loop,
    which nobody disturbed."""
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
            request.COOKIES  # noqa: B018 - parses them, which is nobody's of these
        begin = process_time()
        for request in requests:
            handle(request)
        times.append(process_time() - begin)
    return min(times) / LOOP * 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
