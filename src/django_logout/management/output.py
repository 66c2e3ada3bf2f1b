"""JSON output and error messages: with ``--json``, every outcome is one object on stdout."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

#: Exit code: the options contradict each other, or name something that does not exist.
USAGE = 2
#: Exit code: the sessions have ended, but a revoker has failed.
INCOMPLETE = 3


class ReportedError(CommandError):
    """The command failed, and has already written its result to stdout."""


class UsageError(CommandError):
    """The options contradict each other, or name something that does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=USAGE)


def count_of(number: int, what: str) -> str:
    """Return a number of things in words, such as ``1 session`` or ``2 sessions``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def list_counts(counts: Mapping[str, int]) -> str:
    """Return numbers by their names, such as ``session: 2, drf_token: 1``."""
    return ", ".join(f"{what}: {number}" for what, number in counts.items())


def write_json(command: BaseCommand, facts: dict[str, Any]) -> None:
    """Write an object to stdout."""
    command.stdout.write(json.dumps(facts, indent=2))
