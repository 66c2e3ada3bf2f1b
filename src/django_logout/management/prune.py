"""``manage.py logout prune``: delete what ended long ago."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run, add_json
from django_logout.management.output import write_json
from django_logout.management.progress import Progress
from django_logout.operations import cleanup

HELP = (
    "End sessions that have expired by themselves, and delete the rows of what ended longer ago "
    "than LOGOUT['RETENTION']. What is deleted stays refused. For a daily job."
)


def add_arguments(parser: CommandParser) -> None:
    """How."""
    add_dry_run(parser)
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Prune, and say how much."""
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(command, options["verbosity"], what=what))(done, total)

    done = cleanup.prune(dry_run=options["dry_run"], progress=progress)
    if options["json"]:
        write_json(command, {"dry_run": options["dry_run"], **asdict(done)})
        return
    end, delete = ("Would end", "Would delete") if options["dry_run"] else ("Ended", "Deleted")
    command.stdout.write(f"{end} {done.expired} expired sessions.")
    command.stdout.write(
        f"{delete} the rows of {done.sessions} sessions, {done.events} events and "
        f"{done.cutoffs} cut-offs."
    )
