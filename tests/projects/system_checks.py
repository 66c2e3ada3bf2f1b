"""What our system checks say of the project."""

from typing import Any

from django.core.checks.registry import registry

from django_logout.operations import checks


def messages() -> list[Any]:
    """Run our checks, and return their messages."""
    ours = [c for c in registry.get_checks() if c.__module__.startswith(checks.__name__)]
    return [message for check in ours for message in check(app_configs=None, databases=None)]
