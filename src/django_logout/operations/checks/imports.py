"""Classes that a project names by dotted path."""

from typing import Any

from django.utils.module_loading import import_string


def ancestry(named: Any) -> set[str]:
    """Return the dotted paths of a class and its bases, or only its own if it cannot be imported."""
    try:
        kinds = import_string(named).__mro__ if isinstance(named, str) else named.__mro__
    except Exception:  # noqa: BLE001 - importing can raise anything; the framework reports it
        return {str(named)}
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}


def modules_of(named: Any) -> set[str]:
    """Return the modules of a class and its bases."""
    return {path.rpartition(".")[0] for path in ancestry(named)}
