"""What most processes never do, or not before somebody logs in or out: imported when it is first
done, and not when the process starts."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.module_loading import import_string


def lazy_import(path: str, make: Callable[[Any], Any] = lambda found: found) -> Callable[..., Any]:
    """What a path in this package leads to, to be called as if it were imported already; or what
    is made of that."""
    path = f"django_logout.{path}"
    found = cache(lambda: make(import_string(path)))

    def call(*args: Any, **kwargs: Any) -> Any:
        return found()(*args, **kwargs)

    call.__module__, _, call.__name__ = path.rpartition(".")
    call.__qualname__ = call.__name__  # tracebacks and pages for developers name it
    return call
