"""``manage.py logout explain``: log a real session in and out, and print each step."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_logout.exceptions import LogoutError
from django_logout.management.arguments import find_user
from django_logout.management.explanation import as_text
from django_logout.management.output import ReportedError, UsageError, write_json
from django_logout.management.rehearsal import Rehearsal

HELP = (
    "Log a session of a user in and out in this process, with the engine and settings of this "
    "site, and print each step. Everything is removed afterwards, except the audit event and what "
    "this site's own receivers do at a login or logout."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    # Not ``required``: call_command() would pass it the keyword ``user`` of the other verbs.
    parser.add_argument("--user", metavar="NAME", help="the name this user logs in with; required")


def handle(command: BaseCommand, **options: Any) -> None:
    """Print the explanation, and fail if the session has not ended."""
    if options["user"] is None:
        raise UsageError("Whose session? Say --user.")
    try:
        facts = Rehearsal(find_user(options["user"])).run()
    except LogoutError as error:
        raise CommandError(f"{error} The session stays active until it expires.") from error
    if options["json"]:
        write_json(command, facts)
    else:
        command.stdout.write(as_text(facts))
    if facts["copied_cookie"] == "served":
        raise ReportedError("The session has not ended: its cookie is still served.")
