"""What an app costs each process before the first request: time to set the site up, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import dataclass, field
from statistics import median
from time import process_time

from bench.contenders import BY_NAME, settings_for

NAMES = ("django-db", "ours-db", "allauth", "user-sessions", "qsessions")


@dataclass
class Process:
    """One contender's."""

    seconds: list[float] = field(default_factory=list)
    "CPU; one for each turn."
    memory: int = 0
    "Bytes that Python has allocated, as tracemalloc counts them."

    @property
    def median(self) -> float:
        """Milliseconds."""
        return median(self.seconds) * 1000

    def more(self, base: Process) -> tuple[float, float]:
        """Milliseconds and megabytes over another's; the time turn by turn."""
        times = [mine - theirs for mine, theirs in zip(self.seconds, base.seconds, strict=True)]
        return median(times) * 1000, (self.memory - base.memory) / 1e6


def take_turns(rounds: int) -> dict[str, Process]:
    """Measure. The first round, which compiles, is for nothing."""
    found = {name: Process() for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name in NAMES[number % len(NAMES) :] + NAMES[: number % len(NAMES)]:
                seconds, _ = _ask(name, folder, "time")
                if number:
                    found[name].seconds.append(seconds)
        for name in NAMES:
            _, found[name].memory = _ask(name, folder, "memory")
    return found


def _ask(name: str, folder: str, what: str) -> tuple[float, int]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "bench.process", name, what]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def main(name: str, what: str) -> None:
    """Set the site up as a server does, its URLs included."""
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
    print(json.dumps([seconds, tracemalloc.get_traced_memory()[0]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
