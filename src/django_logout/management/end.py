"""``manage.py logout end``: end sessions, whoever they belong to."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.management.arguments import (
    add_dry_run,
    add_json,
    duration,
    network,
    read_one,
    uuid,
)
from django_logout.management.filters import Found, SessionFilter, choose
from django_logout.management.output import INCOMPLETE, ReportedError, write_json
from django_logout.management.progress import Progress
from django_logout.types import LogoutResult

HELP = (
    "End sessions: of users, one by one, everyone's, or those that are idle, old or from an "
    "address. What touches more than one user is asked about first. Exit code 0: done; 1: not "
    "done, or not all; 2: not understood; 3: the sessions have ended, but something beside them "
    "has not, and 'logout retry' tries again."
)


def add_arguments(parser: CommandParser) -> None:
    """Which sessions, why, and how."""
    which = parser.add_argument_group("which sessions; several narrow the choice down")
    append: dict[str, Any] = {"action": "append", "default": []}
    which.add_argument("--user", metavar="NAME", help="of this user; may be repeated", **append)
    which.add_argument(
        "--session", metavar="ID", type=uuid, help="with this public id; may be repeated", **append
    )
    which.add_argument("--everyone", action="store_true", help="all sessions of all users")
    which.add_argument(
        "--idle-for", type=duration, metavar="TIME", help="not seen for so long: 15m, 12h, 30d"
    )
    which.add_argument(
        "--older-than", type=duration, metavar="TIME", help="logged in to longer ago than this"
    )
    which.add_argument(
        "--from-ip",
        type=network,
        metavar="ADDRESS",
        help="from this address or network, as of the login; may be repeated",
        **append,
    )
    parser.add_argument(
        "--reason", type=_reason, default=Reason.COMMAND.value, help="goes on record; 'command'"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_dry_run(parser)
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Count, ask, end, tell."""
    options["reason"] = read_one(_reason, options["reason"]) or Reason.COMMAND.value
    choice = choose(options)
    found = choice.find()
    if options["dry_run"]:
        _tell(command, found, None, options)
        return
    _ask(choice, found, options)
    what = "sessions" if choice.narrowed or choice.sessions else "users"
    progress = Progress(command, options["verbosity"], what=what)
    result = end_sessions(choice.target(), reason=options["reason"], progress=progress)
    _tell(command, found, result, options)
    if not result.complete:
        failed = ", ".join(result.failed)
        raise ReportedError(
            f"The sessions have ended, but this failed: {failed}. 'logout retry' tries again.",
            returncode=INCOMPLETE,
        )


def _ask(choice: SessionFilter, found: Found, options: dict[str, Any]) -> None:
    if options["yes"] or not (choice.everyone or found.users > 1):
        return
    all_of_it = f"{_count(found.sessions, 'session')} of {_count(found.users, 'user')}"
    if options["json"] or not sys.stdin.isatty():
        raise CommandError(f"Nothing was ended. To end {all_of_it}, say --yes.")
    try:
        answer = input(f"End {all_of_it}? Type 'yes' to go on: ")
    except EOFError:  # Ctrl-D
        answer = ""
    if answer.strip().lower() != "yes":
        raise CommandError("Nothing was ended.")


def _tell(
    command: BaseCommand, found: Found, result: LogoutResult | None, options: dict[str, Any]
) -> None:
    facts = {
        "dry_run": result is None,
        "found": {"sessions": found.sessions, "users": found.users},
        "ended": dict(result.ended) if result else {},
        "failed": list(result.failed) if result else [],
        "complete": result.complete if result else False,
        "reason": options["reason"],
        "event": str(result.event.pk) if result and result.event else None,
    }
    if options["json"]:
        write_json(command, facts)
    elif result is None:
        all_of_it = f"{_count(found.sessions, 'session')} of {_count(found.users, 'user')}"
        command.stdout.write(f"Would end {all_of_it}.")
    else:
        ended = ", ".join(f"{count} {what}" for what, count in result.ended.items())
        command.stdout.write(f"Ended: {ended or 'nothing'}.")
        if result.event is not None:
            command.stdout.write(f"Event: {result.event.pk}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _reason(text: str) -> str:
    if not 0 < len(text) <= 64:
        raise ArgumentTypeError("a reason has 1 to 64 characters")
    return text
