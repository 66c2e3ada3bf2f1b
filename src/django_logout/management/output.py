"""What the verbs tell programs: with ``--json`` one object on the standard output, come what may."""

from __future__ import annotations

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
    """What was found or done is on the standard output; this says what is wrong with it."""


def write_json(command: BaseCommand, facts: dict[str, Any]) -> None:
    """The object."""
    command.stdout.write(json.dumps(facts, indent=2))


@contextmanager
def failures(command: BaseCommand, *, as_json: bool) -> Iterator[None]:
    """Whatever a verb does not get done is told in the place of what it would have told, and makes
    the command fail as it does without JSON."""
    try:
        yield
    except ReportedError:
        raise
    except (CommandError, LogoutError, DatabaseError) as error:
        # What a database says is for whoever sees the traceback: it may name anything.
        message = type(error).__name__ if isinstance(error, DatabaseError) else str(error)
        if as_json:
            write_json(command, {"complete": False, "error": message})
        if isinstance(error, LogoutError):
            raise CommandError(message) from error
        raise
