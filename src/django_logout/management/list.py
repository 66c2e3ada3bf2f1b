"""``manage.py logout list``: print the sessions, but never a session key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from django_logout.management.arguments import find_user, login_name
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, registry, status

HELP = "List the active sessions of all users or of one, the newest first."

#: The columns of the text, and their widths. The user and the device can be wider.
COLUMNS = {
    "id": 36,
    "state": 10,
    "last_seen_at": 16,
    "expires_at": 16,
    "ip_address": 15,
    "kind": 9,
    "user": 15,
}
#: Further columns with ``--all``.
ENDED_COLUMNS = {"ended_at": 16, "reason": 16}


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--user", metavar="NAME", help="only sessions of this user")
    parser.add_argument("--all", action="store_true", help="also expired and ended sessions")


def handle(command: BaseCommand, **options: Any) -> None:
    """Print the sessions one by one as they are read, because there can be very many."""
    rows = registry.sessions()
    if options["user"] is not None:
        rows = rows.filter(user_id=find_user(options["user"]).pk)
    if not options["all"]:
        rows = registry.only_active(rows).filter(expires_at__gt=timezone.now())
    sessions = _describe(rows)
    if options["json"]:
        command.stdout.write('{"sessions": [', ending="")
        for number, session in enumerate(sessions):
            command.stdout.write(("," if number else "") + "\n" + json.dumps(session), ending="")
        command.stdout.write("\n]}")
        return
    columns = {**COLUMNS, **ENDED_COLUMNS} if options["all"] else COLUMNS
    heads = {column: column.removesuffix("_at").replace("_", " ") for column in columns}
    command.stdout.write(_line({**heads, "device": "device"}, columns))
    for session in sessions:
        times = {name: str(session[name] or "")[:16] for name in columns if name.endswith("_at")}
        command.stdout.write(_line({**session, **times}, columns))


def _describe(rows: QuerySet[LoginSession]) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    cutoff = {
        "cutoff": cutoffs.newest_cutoff("pk"),
        "cutoff_reason": cutoffs.newest_cutoff("reason"),
        "cutoff_at": cutoffs.newest_cutoff("before"),
    }
    rows = rows.annotate(**cutoff).select_related("user", "event")
    row: Any
    for row in rows.iterator(chunk_size=1000):
        state = "active" if row.expires_at > now else "expired"
        reason: str | None = None
        ended_at = row.ended_at
        if row.ended_at is not None:
            state, reason = "ended", row.event.reason if row.event is not None else "unknown"
        elif row.cutoff is not None and row.newest_cutoff < row.cutoff:
            state, reason = "ended", status.public_reason(row.cutoff_reason)
            ended_at = row.cutoff_at
        yield {
            "id": str(row.pk),
            "user": login_name(row.user),
            "state": state,
            "reason": reason,
            "created_at": row.created_at.isoformat(),
            "last_seen_at": row.last_seen_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
            "ended_at": ended_at and ended_at.isoformat(),
            "ip_address": row.ip_address,
            "device": row.device,
            "kind": row.kind,
        }


def _line(session: dict[str, Any], columns: Mapping[str, int]) -> str:
    cells = [str(session[name] or "").ljust(width) for name, width in columns.items()]
    line = "  ".join([*cells, session["device"]]).rstrip()
    # Users choose their names. A line break would forge a session, and an escape sequence would
    # control the terminal.
    return "".join(letter if letter.isprintable() else "?" for letter in line)
