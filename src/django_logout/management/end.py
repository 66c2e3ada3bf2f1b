"""``manage.py logout end``: end sessions of any user."""

import sys
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.management import arguments
from django_logout.management.filters import Counts, SessionFilter
from django_logout.management.output import INCOMPLETE, ReportedError, list_counts, write_json
from django_logout.management.progress import Progress

HELP = (
    "End sessions: those of users, single ones, everyone's, or those that are idle, old or from an "
    "address. If more than one user is affected, the command asks first. Exit codes: 0 means "
    "done; 1 not done, or not completely; 2 an error in the options, or a user or an id that does "
    "not exist; 3 that the sessions have ended, but a revoker has failed, and 'logout retry' runs "
    "it again."
)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    which = parser.add_argument_group("which sessions (several options narrow the selection)")
    arguments.add_repeatable(which, "--user", str, metavar="NAME", text="of this user")
    arguments.add_repeatable(
        which, "--session", arguments.uuid, metavar="ID", text="with this public id"
    )
    which.add_argument("--everyone", action="store_true", help="all sessions of all users")
    which.add_argument(
        "--idle-for",
        type=arguments.duration,
        metavar="TIME",
        help="not used for this long: 15m, 12h, 30d",
    )
    which.add_argument(
        "--older-than",
        type=arguments.duration,
        metavar="TIME",
        help="with a login longer ago than this",
    )
    where = "with a login from this address or network"
    arguments.add_repeatable(which, "--from-ip", arguments.network, metavar="ADDRESS", text=where)
    parser.add_argument(
        "--reason",
        type=_reason,
        default=Reason.COMMAND.value,
        help="the reason to record; 'command' by default",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments.add_dry_run(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Count the sessions, ask for confirmation, end them, and print the result."""
    reason = arguments.parse_value(_reason, options["reason"]) or Reason.COMMAND.value
    chosen = SessionFilter(options)
    counts, result = chosen.count(), None
    if not options["dry_run"]:
        if not options["yes"] and (chosen.everyone or counts.users > 1):
            _confirm(counts, interactive=not options["json"] and sys.stdin.isatty())
        what = "sessions" if chosen.narrowed or chosen.sessions else "users"
        progress = Progress(command, options["verbosity"], what=what)
        result = end_sessions(chosen.target(), reason=reason, progress=progress)
    if options["json"]:
        facts = {
            "dry_run": result is None,
            "found": counts._asdict(),
            "ended": dict(result.ended) if result else {},
            "failed": list(result.failed) if result else [],
            "complete": result.complete if result else False,
            "reason": reason,
            "event": str(result.event.pk) if result and result.event else None,
        }
        write_json(command, facts)
    elif result is None:
        command.stdout.write(f"Would end {counts}.")
    else:
        command.stdout.write(f"Ended: {list_counts(result.ended) or 'nothing'}.")
        if result.event is not None:
            command.stdout.write(f"Event: {result.event.pk}")
    if result is not None and not result.complete:
        failed = ", ".join(result.failed)
        raise ReportedError(
            f"The sessions have ended, but this failed: {failed}. 'logout retry' tries again.",
            returncode=INCOMPLETE,
        )


def _confirm(counts: Counts, *, interactive: bool) -> None:
    """Raise :class:`CommandError` unless the operator types ``yes``."""
    if not interactive:
        raise CommandError(f"Nothing was ended. To end {counts}, say --yes.")
    try:
        answer = input(f"End {counts}? Type 'yes' to continue: ")
    except EOFError:  # Ctrl-D
        answer = ""
    if answer.strip().lower() != "yes":
        raise CommandError("Nothing was ended.")


def _reason(text: str) -> str:
    if not 0 < len(text) <= 64:
        raise ArgumentTypeError("a reason has 1 to 64 characters")
    if not text.isprintable():
        raise ArgumentTypeError("a reason has printable characters only")
    return text
