"""``manage.py logout retry``: revoke what could not be revoked when the sessions ended."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run, add_json, read, uuid
from django_logout.management.output import INCOMPLETE, ReportedError, write_json
from django_logout.models import LogoutEvent
from django_logout.operations import retries

HELP = (
    "Let revokers that failed when sessions ended try again, and note in the events what came of "
    "it. For a job that runs every minute: each try waits twice as long as the one before, and "
    "there are ten. Exit code 3: something has failed again."
)


def add_arguments(parser: CommandParser) -> None:
    """Which, and when."""
    parser.add_argument(
        "--event",
        metavar="ID",
        type=uuid,
        action="append",
        default=[],
        help="of this ending only; may be repeated",
    )
    parser.add_argument(
        "--now", action="store_true", help="do not wait, not even when the tries are spent"
    )
    add_dry_run(parser)
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Try, tell, and fail if something has failed again."""
    told = []
    for event in retries.incomplete(read(uuid, options["event"]), now=options["now"]):
        done = event if options["dry_run"] else retries.retry(event, now=options["now"])
        told.append({"event": str(done.pk), "failed": retries.failed(done)})
        if not options["json"]:
            command.stdout.write(_line(done, dry_run=options["dry_run"]))
    if options["json"]:
        write_json(command, {"dry_run": options["dry_run"], "events": told})
    elif not told:
        command.stdout.write("Nothing is to be tried again now.")
    if not options["dry_run"] and (left := sum(bool(each["failed"]) for each in told)):
        raise ReportedError(f"{left} of {len(told)} still not complete.", returncode=INCOMPLETE)


def _line(event: LogoutEvent, *, dry_run: bool) -> str:
    names = ", ".join(retries.failed(event))
    if dry_run:
        return f"{event.pk}: would try {names}"
    return f"{event.pk}: failed again: {names}" if names else f"{event.pk}: complete"
