"""Import code when it is first called, for what most processes never call, or only after the first
login or logout."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.module_loading import import_string


def lazy_import(path: str, make: Callable[[Any], Any] = lambda found: found) -> Callable[..., Any]:
    """Return a function that imports ``path`` from this package when it is first called.

    ``make`` turns the imported object into the function to call.
    """
    path = f"django_logout.{path}"
    found = cache(lambda: make(import_string(path)))

    def call(*args: Any, **kwargs: Any) -> Any:
        return found()(*args, **kwargs)

    # Tracebacks and debug pages show these names.
    call.__module__, _, call.__name__ = path.rpartition(".")
    call.__qualname__ = call.__name__
    return call
