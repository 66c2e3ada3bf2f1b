"""Classes that a project names by dotted path."""

from __future__ import annotations

from django.utils.module_loading import import_string


def is_a(path: str, kind: type) -> bool:
    """Whether a dotted path leads to a class of this kind."""
    try:
        found = import_string(path)
    except Exception:  # noqa: BLE001 - whatever a module raises when it is imported
        return False
    return isinstance(found, type) and issubclass(found, kind)
