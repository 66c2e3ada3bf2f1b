"""``manage.py logout adopt``: register the sessions that were alive before the installation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from django_logout.management.arguments import add_dry_run, add_json
from django_logout.management.output import write_json
from django_logout.management.progress import Progress
from django_logout.operations import backfill

HELP = (
    "Register the sessions that were alive before django-logout was installed, so that they are "
    "listed and can be ended one by one. Can be stopped and begun again. Without it, each is "
    "registered when it is first seen."
)


def add_arguments(parser: CommandParser) -> None:
    """How."""
    add_dry_run(parser)
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Adopt them, and say how many."""
    progress = Progress(command, options["verbosity"], what="sessions looked at")
    done = backfill.adopt(dry_run=options["dry_run"], progress=progress)
    if options["json"]:
        write_json(command, {"dry_run": options["dry_run"], **asdict(done)})
    elif not done.listed:
        command.stdout.write(
            f"{settings.SESSION_ENGINE} cannot list its sessions. Nothing has to be done: each is "
            "adopted when it is first seen, and 'logout end' reaches those that are never seen."
        )
    else:
        verb = "Would adopt" if options["dry_run"] else "Adopted"
        command.stdout.write(f"{verb} {done.adopted} of {done.seen} sessions.")
