"""``manage.py logout adopt``: register the sessions from before the installation."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run
from django_logout.management.output import count_of, write_json
from django_logout.management.progress import Progress
from django_logout.operations import backfill

HELP = (
    "Register the sessions that were active before django-logout was installed, so that they are "
    "listed and can be ended one by one. Can be interrupted and run again. Without it, each "
    "session is registered with its next request."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    add_dry_run(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Register the sessions, and print how many."""
    progress = Progress(command, options["verbosity"], what="sessions read")
    result = backfill.adopt_sessions(dry_run=options["dry_run"], progress=progress)
    if options["json"]:
        write_json(command, {"dry_run": options["dry_run"], **result._asdict()})
    elif not result.listed:
        command.stdout.write(
            f"{settings.SESSION_ENGINE} cannot list its sessions. There is nothing to do: each "
            "session is registered with its next request, and 'logout end' ends the others too."
        )
    elif result.refused:
        command.stdout.write(f"Nothing was adopted: {result.refused}.")
    else:
        verb = "Would adopt" if options["dry_run"] else "Adopted"
        command.stdout.write(f"{verb} {result.adopted} of {count_of(result.seen, 'session')}.")
