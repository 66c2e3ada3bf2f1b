"""``manage.py logout prune``: end expired sessions, and delete old rows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run
from django_logout.management.output import count_of, list_counts, write_json
from django_logout.management.progress import Progress
from django_logout.operations import cleanup

HELP = (
    "End sessions that have expired, and delete the rows of sessions and events that are older "
    "than LOGOUT['RETENTION']. Sessions stay refused after their rows are deleted. Run it daily."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    add_dry_run(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Prune, and print how much."""
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(command, options["verbosity"], what=what))(done, total)

    result = cleanup.prune_records(dry_run=options["dry_run"], progress=progress)
    if options["json"]:
        facts = {"dry_run": options["dry_run"], "expired": result.expired, **result.deleted}
        write_json(command, facts)
        return
    end, delete = ("Would end", "Would delete") if options["dry_run"] else ("Ended", "Deleted")
    command.stdout.write(f"{end} {count_of(result.expired, 'expired session')}.")
    command.stdout.write(f"{delete} the rows of {list_counts(result.deleted)}.")
