"""The session engines that tests run on, and the choice among them.

A test that asks for the fixture ``engine`` runs once for each set-up that ``--engines`` chooses:

* ``local``: one set-up of each kind, in this process. Deletes are final (``db``); the engine is
  guarded and the cache is shared (``cache-local``); the cookie is all there is, and no cache is
  shared (``signed_cookies-unshared``).
* ``rotation``: ``db``, ``cache``, and one of the others, which changes with the week of the commit.
  Each pair of test and engine comes round in six weeks.
* ``all``, or names: ``--engines=db,file``.
"""

import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import pytest

T = TypeVar("T")

#: Engine and cache. Only caches on a server, and ``shared``, count as shared by all processes.
SETUPS = {
    "db": ("db", "locmem"),
    "cache": ("cache", "redis"),
    "cached_db": ("cached_db", "redis"),
    "cache-memcached": ("cache", "memcached"),
    "file": ("file", "redis"),
    "file-unshared": ("file", "locmem"),
    "signed_cookies": ("signed_cookies", "redis"),
    "signed_cookies-unshared": ("signed_cookies", "locmem"),
    "cache-local": ("cache", "shared"),
}
LOCAL = ("db", "cache-local", "signed_cookies-unshared")
ALL = tuple(SETUPS)[:-1]
ALWAYS, ROTATING = ALL[:2], ALL[2:]


def chosen(option: str, test: str, week: int) -> Sequence[str]:
    """Return the names of the set-ups for one test, named without its parameters."""
    if option == "rotation":
        return (*ALWAYS, one_of(ROTATING, test, week))
    return {"local": LOCAL, "all": ALL}.get(option) or option.split(",")


def one_of(choice: Sequence[T], test: str, week: int) -> T:
    """Return what a test has this week: next week the next, and another for another test."""
    return choice[(crc32(test.encode()) + week) % len(choice)]


def param(name: str) -> Any:
    """Return the parameter for one set-up, marked with the server it needs."""
    return pytest.param(name, marks=pytest.mark.needs(SETUPS[name][1]))


def week() -> int:
    """Return the ISO week of the last commit, so that a commit is always tested the same way;
    outside a repository that of today."""
    command = ["git", "log", "-1", "--format=%cs"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        day = date.today()  # noqa: DTZ011
    else:
        day = date.fromisoformat(done.stdout.strip())
    return day.isocalendar().week
