"""JSON output and error messages: with ``--json``, every outcome is one object on stdout."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

#: Exit code: the sessions have ended, but a revoker has failed.
INCOMPLETE = 3


class ReportedError(CommandError):
    """The command failed, and has already written its result to stdout."""


def write_json(command: BaseCommand, facts: dict[str, Any]) -> None:
    """Write an object to stdout."""
    command.stdout.write(json.dumps(facts, indent=2))
