"""JSON output and error messages: with ``--json``, every outcome is one object on stdout."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_logout.exceptions import LogoutError

#: Exit code: the sessions have ended, but a revoker has failed.
INCOMPLETE = 3


class ReportedError(CommandError):
    """The command failed, and has already written its result to stdout."""


def write_json(command: BaseCommand, facts: dict[str, Any]) -> None:
    """Write an object to stdout."""
    command.stdout.write(json.dumps(facts, indent=2))


@contextmanager
def errors_as_output(command: BaseCommand, *, as_json: bool) -> Iterator[None]:
    """Write errors as JSON instead of the result, and fail as the command does without JSON."""
    try:
        yield
    except ReportedError:
        raise
    except (CommandError, LogoutError, DatabaseError) as error:
        # A database's message can contain secrets. It is shown with the traceback only.
        message = type(error).__name__ if isinstance(error, DatabaseError) else str(error)
        if as_json:
            write_json(command, {"complete": False, "error": message})
        if isinstance(error, LogoutError):
            raise CommandError(message) from error
        raise
