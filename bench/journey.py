"""Print the journey of two requests through the package's files: ``make journey``.

(a) One POST to ``logout/`` on the ``cache`` engine, (b) one page of a logged-in user on
``cached_db``, whose view reads ``request.user``. Both run on the test project with SQLite in
memory and Redis, and both are warm: the same request was served once before, for another session,
so that nothing is imported and no cache entry is missing.

``sys.setprofile`` reports every call of a Python function and every return. Only functions of
``django_logout`` count; the frames of Django between two of them are skipped. The place of the
request is the file of the innermost active function, so that a call enters the file of the
callee, and a return goes back to the file of the caller:

* a *move* is a change of place from one file to another; calls inside a file are none;
* a *return* is a move to a place that the request has visited before;
* a *folder* is the first part of the path below ``django_logout``. A file in the root, such as
  ``middleware.py``, is a folder by itself; ``web/views/logout.py`` belongs to ``web``.

The commit ff1e2f9, which had one flat folder, counted 311 moves for (a) and 55 for (b).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

import django_logout
from bench.team import forget
from tests import services

PACKAGE = Path(django_logout.__file__).parent


@dataclass
class Journey:
    """What one request did in the package."""

    calls: list[tuple[int, str, str]] = field(default_factory=list)
    "Depth, file and name of each function, in the order of the calls."
    places: list[str] = field(default_factory=list)
    "The file after each call and each return."

    @property
    def files(self) -> list[str]:
        """Return the files in the order of the moves."""
        return [place for place, _ in groupby(self.places)]

    @property
    def folders(self) -> list[str]:
        """Return the folders in the order of the moves."""
        return [place for place, _ in groupby(path.partition("/")[0] for path in self.places)]

    @property
    def functions(self) -> int:
        """Count the different functions."""
        return len({(path, name) for _, path, name in self.calls})


def moves(places: list[str]) -> int:
    """Count the changes of place."""
    return len(places) - 1


def returns(places: list[str]) -> int:
    """Count the moves to a place that was visited before."""
    return len(places) - len(set(places))


def record(send: Callable[[], Any]) -> Journey:
    """Send a request and return its journey."""
    journey, stack = Journey(), [""]

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event not in {"call", "return"} or not (path := path_in_package(frame)):
            return
        if event == "call":
            journey.calls.append((len(stack) - 1, path, frame.f_code.co_qualname))
            stack.append(path)
        else:
            stack.pop()
        if stack[-1]:
            journey.places.append(stack[-1])

    sys.setprofile(profile)
    try:
        send()
    finally:
        sys.setprofile(None)
    return journey


def path_in_package(frame: FrameType) -> str:
    """Return the path of a frame's file below ``django_logout``, or nothing for other code."""
    path = frame.f_code.co_filename
    return Path(path).relative_to(PACKAGE).as_posix() if path.startswith(str(PACKAGE)) else ""


@contextmanager
def test_project() -> Iterator[None]:
    """Set up the test project with one user, and a prefix of its own in Redis."""
    prefix = f"journey{os.getpid()}"
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": "sqlite://",
        "CACHE_URL": services.URLS["redis"],
    }
    import django
    from django.conf import settings

    settings.CACHES["default"]["KEY_PREFIX"] = prefix
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("ann", password="pw")
    try:
        yield
    finally:
        forget(services.URLS["redis"], f"*{prefix}:*")


def travel(engine: str, method: str, path: str) -> Journey:
    """Return the journey of one warm request with a session on an engine."""
    from django.test import Client, override_settings

    with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"):

        def log_in() -> Callable[[], Any]:
            client = Client()
            client.post("/login/", {"username": "ann", "password": "pw"})
            client.get("/")
            return partial(getattr(client, method), path)

        log_in()()
        return record(log_in())


def describe(title: str, journey: Journey, *, trace: bool) -> str:
    """Return the counts as text, after the calls if ``trace`` asks for them."""
    lines = [title, ""]
    if trace:
        lines += [f"  {'  ' * depth}{path}: {name}" for depth, path, name in journey.calls] + [""]
    for what, places in (("files", journey.files), ("folders", journey.folders)):
        entered, back = len(set(places)), returns(places)
        lines.append(f"  {moves(places):4} moves between {what}, {back} of them returns")
        lines.append(f"  {entered:4} {what} entered: {', '.join(dict.fromkeys(places))}")
    lines.append(f"  {journey.functions:4} functions entered, {len(journey.calls)} calls")
    return "\n".join(lines)


def main() -> None:
    """Print both journeys."""
    parser = argparse.ArgumentParser(prog="python -m bench.journey", description=__doc__)
    parser.add_argument("--trace", action="store_true", help="print every call, too")
    trace = parser.parse_args().trace
    if not services.available("redis"):
        sys.exit(f"Redis does not answer at {services.URLS['redis']}: set REDIS_URL.")
    with test_project():
        for title, request in {
            "(a) POST logout/, cache": ("cache", "post", "/accounts/logout/"),
            "(b) a page of a logged-in user, cached_db": ("cached_db", "get", "/"),
        }.items():
            print(describe(title, travel(*request), trace=trace), end="\n\n")


if __name__ == "__main__":
    main()
