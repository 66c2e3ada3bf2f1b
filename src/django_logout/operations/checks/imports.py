"""Classes that a project names by dotted path."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string


def is_a(path: str, kind: type) -> bool:
    """Whether a dotted path leads to a class of this kind."""
    try:
        found = import_string(path)
    except Exception:  # noqa: BLE001 - whatever a module raises when it is imported
        return False
    return isinstance(found, type) and issubclass(found, kind)


def ancestry(named: Any) -> set[str]:
    """Dotted paths of a class and what it is made of; of one that cannot be imported, itself."""
    try:
        kinds = import_string(named).__mro__ if isinstance(named, str) else named.__mro__
    except Exception:  # noqa: BLE001 - whatever a module raises; the framework says so later
        return {str(named)}
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}


def modules_of(named: Any) -> set[str]:
    """Where a class and what it is made of come from."""
    return {path.rpartition(".")[0] for path in ancestry(named)}
