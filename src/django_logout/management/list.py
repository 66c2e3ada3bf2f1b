"""``manage.py logout list``: which sessions there are. Never a session key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from django_logout.management.arguments import add_json, find_user, name_of
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, registry, status

HELP = "List the sessions that are alive, of everybody or of one user, the newest first."

#: Text: a row's values in columns of these widths; the last two may run over.
COLUMNS = {
    "id": 36,
    "state": 10,
    "last_seen_at": 16,
    "expires_at": 16,
    "ip_address": 15,
    "kind": 9,
    "user": 15,
}


def add_arguments(parser: CommandParser) -> None:
    """Whose, and how."""
    parser.add_argument("--user", metavar="NAME", help="of this user only")
    parser.add_argument("--all", action="store_true", help="those that are over, too")
    add_json(parser)


def handle(command: BaseCommand, **options: Any) -> None:
    """Print them as they come: there may be very many."""
    rows = _facts(_found(options["user"], everything=options["all"]))
    if options["json"]:
        command.stdout.write('{"sessions": [', ending="")
        for number, row in enumerate(rows):
            command.stdout.write(("," if number else "") + "\n" + json.dumps(row), ending="")
        command.stdout.write("\n]}")
        return
    heads = {column: column.removesuffix("_at").replace("_", " ") for column in COLUMNS}
    command.stdout.write(_line({**heads, "device": "device"}))
    for row in rows:
        moments = {name: str(row[name])[:16] for name in ("last_seen_at", "expires_at")}
        command.stdout.write(_line({**row, **moments}))


def _found(name: str | None, *, everything: bool) -> QuerySet[LoginSession]:
    rows = registry.sessions()
    if name is not None:
        rows = rows.filter(user_id=find_user(name).pk)
    if not everything:
        rows = registry.active(rows).filter(expires_at__gt=timezone.now())
    cutoff = {"cutoff": cutoffs.newest_cutoff(), "cutoff_reason": cutoffs.newest_cutoff("reason")}
    return rows.annotate(**cutoff).select_related("user", "event")


def _facts(rows: QuerySet[LoginSession]) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for row in rows.iterator(chunk_size=1000):
        reason = _reason(row)
        state = "ended" if reason else "alive" if row.expires_at > now else "expired"
        yield {
            "id": str(row.pk),
            "user": name_of(row.user),
            "state": state,
            "reason": reason,
            "created_at": row.created_at.isoformat(),
            "last_seen_at": row.last_seen_at.isoformat(),
            "expires_at": row.expires_at.isoformat(),
            "ended_at": row.ended_at and row.ended_at.isoformat(),
            "ip_address": row.ip_address,
            "device": row.device,
            "kind": row.kind,
        }


def _reason(row: LoginSession) -> str | None:
    facts: Any = row
    if row.ended_at is not None:
        return row.event.reason if row.event is not None else "unknown"
    cut = facts.cutoff is not None and row.created_at < facts.cutoff
    return status.public_reason(facts.cutoff_reason) if cut else None


def _line(row: dict[str, Any]) -> str:
    cells = [str(row[name] or "").ljust(width) for name, width in COLUMNS.items()]
    line = "  ".join([*cells, row["device"]]).rstrip()
    # A name may hold what would begin another line, or speak to the terminal.
    return "".join(letter if letter.isprintable() else "?" for letter in line)
