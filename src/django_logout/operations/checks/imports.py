"""Classes that a project names by dotted path."""

from inspect import get_annotations, signature
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


def behaves_like(named: str, base: str) -> bool:
    """Return whether what is named makes objects with all that objects of a class have.

    A function that needs no arguments is trusted to do so. Returns false if nothing can be imported.
    """
    try:
        found = import_string(named)
        if not isinstance(found, type):
            signature(found).bind()
            return True
    except Exception:  # noqa: BLE001 - importing can raise anything
        return False
    kind = import_string(base)
    wanted = {*dir(kind), *get_annotations(kind)}
    return all(hasattr(found, name) for name in wanted if not name.startswith("_"))
