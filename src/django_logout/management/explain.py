"""``manage.py logout explain``: log a real session in and out, and show each step."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_logout.exceptions import LogoutError
from django_logout.management.arguments import add_json, find_user
from django_logout.management.output import ReportedError, write_json
from django_logout.management.rehearsal import Rehearsal

HELP = (
    "Log a session of a user in and out in this process, with the engine and settings in force, "
    "and show each step. Leaves nothing behind but the audit event, and what receivers of this "
    "site's own do when somebody logs in or out."
)


def add_arguments(parser: CommandParser) -> None:
    """Whose session, and for whom to say it."""
    # Not ``required``: ``call_command`` would take the keyword ``user`` of other verbs for this one.
    parser.add_argument(
        "--user", metavar="NAME", help="whose session, by the name they log in with; needed"
    )
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Print the explanation; fail if the session has not ended."""
    if options["user"] is None:
        raise CommandError("Whose session? Say --user.", returncode=2)
    try:
        explanation = Rehearsal(find_user(options["user"])).explain()
    except LogoutError as error:
        raise CommandError(f"{error} The session lives until it expires.") from error
    if options["json"]:
        write_json(command, explanation.as_dict())
    else:
        command.stdout.write(explanation.as_text())
    if explanation.copied_cookie == "served":
        raise ReportedError("The session has not ended: its cookie is still served.")
