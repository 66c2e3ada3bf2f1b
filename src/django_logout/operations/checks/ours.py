"""The checks of this package, among themselves: Django knows of two, which stand for all, so that
only what runs checks imports them."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks.registry import CheckRegistry

_ours = CheckRegistry()

#: As Django's, for the modules of this package.
register = _ours.register


def run(tag: str, **kwargs: Any) -> list[CheckMessage]:
    """What all checks with a tag have found."""
    return list(_ours.run_checks(tags=[tag], **kwargs))
