"""The result of a rehearsed logout, as text."""

from collections.abc import Mapping, Sequence
from typing import Any

from django_logout.management.output import count_of, list_counts


def as_text(facts: Mapping[str, Any]) -> str:
    """Return the facts for a terminal: two tables, and what has become of the session."""
    gate = f"asks {facts['cache'] or 'the registry, because there is no shared cache'}"
    if not facts["guarded"]:
        gate = "not asked, because this engine's deletes are final"
    event = facts["left_behind"]["event"]
    mark = ", and for a day its mark in the cache" if facts["cache"] else ""
    stored = {"deleted": "deleted from the engine", "left": "still in copies of the cookie"}
    others = facts["not_ended"]["other_sessions"]
    lines = [
        ("Ended:", list_counts(facts["ended"]) or "nothing"),
        ("Failed:", ", ".join(facts["failed"]) or "nothing"),
        ("Not ended:", f"{count_of(others, 'other session')} of {facts['user']}"),
        ("Stored data:", stored[facts["stored_data"]]),
        ("Copied cookie:", f"replayed, and {facts['copied_cookie']}"),
        ("Engine:", facts["engine"]),
        ("Gate:", gate),
        ("Left behind:", f"the audit event {event}{mark}" if event else "nothing"),
    ]
    steps = ("Step", "Action", "Request State", "Session State", "Response")
    variables = ("Variable", "Start", "After logout()", "Final")
    tables = [_table(steps, facts["steps"]), _table(variables, facts["variables"])]
    return "\n\n".join([*tables, _aligned(lines)])


def _table(heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    cells = [list(heads), *([str(cell) for cell in row.values()] for row in rows)]
    cells.insert(1, ["-" * max(map(len, column)) for column in zip(*cells, strict=True)])
    return _aligned(cells)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
