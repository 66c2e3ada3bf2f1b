"""``manage.py logout retry``: run the revokers again that failed when sessions ended."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run, add_repeatable, parse_values, uuid
from django_logout.management.output import (
    INCOMPLETE,
    ReportedError,
    UsageError,
    count_of,
    write_json,
)
from django_logout.models import LogoutEvent
from django_logout.operations import retries
from django_logout.sessions import registry

HELP = (
    "Run the revokers again that failed when sessions ended, and store the outcome in the events. "
    "Run it every minute: the wait doubles after each attempt, and there are ten attempts. Exit "
    "code 2 means that an event does not exist, and 3 that something has failed again."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    add_repeatable(parser, "--event", uuid, metavar="ID", text="only this event")
    parser.add_argument(
        "--now", action="store_true", help="do not wait, even if there are no attempts left"
    )
    add_dry_run(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Retry, print each event, and fail if anything has failed again."""
    dry_run, events = options["dry_run"], []
    ids = parse_values(uuid, options["event"])
    known = LogoutEvent.objects.using(registry.database()).filter(pk__in=ids)
    for missing in set(ids) - set(known.values_list("pk", flat=True)) if ids else ():
        raise UsageError(f"No event has the id {missing}.")
    for event, failed in retries.retry_all(ids, now=options["now"], dry_run=dry_run):
        events.append({"event": event, "failed": list(failed)})
        names = ", ".join(failed)
        if not options["json"]:
            outcome = f"failed again: {names}" if failed else "complete"
            command.stdout.write(f"{event}: {f'would try {names}' if dry_run else outcome}")
    if options["json"]:
        write_json(command, {"dry_run": dry_run, "events": events})
    elif not events:
        command.stdout.write("There is nothing to retry now.")
    if not dry_run and (left := sum(bool(each["failed"]) for each in events)):
        message = f"Still not complete: {left} of {count_of(len(events), 'event')}."
        raise ReportedError(message, returncode=INCOMPLETE)
