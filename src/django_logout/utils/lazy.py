"""Import code when it is first called, for what most processes never call, or only after the first
login or logout."""

from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string


def lazy_import(path: str, make: Callable[[Any], Any] = lambda found: found) -> Callable[..., Any]:
    """Return a callable that imports ``path`` from this package when it is first called.

    ``make`` turns the imported object into the function to call. Later calls go to that function
    without a detour.
    """
    path = f"django_logout.{path}"

    class Lazy:
        """What is called. A class for each, since Python looks ``__call__`` up there."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            found = make(import_string(path))
            Lazy.__call__ = staticmethod(found)  # type: ignore[method-assign]
            return found(*args, **kwargs)

    call: Any = Lazy()
    # Tracebacks and debug pages show these names.
    call.__module__, _, call.__name__ = path.rpartition(".")
    call.__qualname__ = call.__name__
    return call  # type: ignore[no-any-return]
