"""What a rehearsed logout came to, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the execution table."""

    step: int
    action: str
    request_state: str
    session_state: str
    response: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One line of the variable tracker."""

    variable: str
    start: bool
    after_logout: bool
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything there is to say; no part of it is secret."""

    user: str
    engine: str
    guarded: bool
    "Whether the gate is asked; it is not where the engine's own deletes are final."
    cache: str | None
    "The cache that the gate reads; ``None``: the registry, or nothing."
    steps: tuple[Step, ...]
    variables: tuple[Variable, ...]
    ended: dict[str, int]
    failed: list[str]
    not_ended: dict[str, int]
    stored_data: str
    "``deleted``, or ``left`` where a cookie holds it all."
    copied_cookie: str
    "``refused`` or ``served``."
    left_behind: dict[str, str | None]
    "The audit event, by its id."

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """For a terminal."""
        heads = ("Step", "Action", "Request State", "Session State", "Response")
        steps = [tuple(asdict(step).values()) for step in self.steps]
        variables = [tuple(asdict(variable).values()) for variable in self.variables]
        facts = [
            ("Ended:", ", ".join(f"{n} {what}" for what, n in self.ended.items()) or "nothing"),
            ("Failed:", ", ".join(self.failed) or "nothing"),
            ("Not ended:", f"{self.not_ended['other_sessions']} other sessions of {self.user}"),
            ("Stored data:", _STORED[self.stored_data]),
            ("Copied cookie:", f"replayed, and {self.copied_cookie}"),
            ("Engine:", self.engine),
            ("Gate:", self._gate()),
            ("Left behind:", self._left_behind()),
        ]
        return "\n".join(
            (
                _table(heads, steps),
                "",
                _table(("Variable", "Start", "After logout()", "Final"), variables),
                "",
                _aligned(facts),
            )
        )

    def _gate(self) -> str:
        if not self.guarded:
            return "not asked, since this engine's deletes are final"
        return (
            f"asks {self.cache}" if self.cache else "asks the registry, for want of a shared cache"
        )

    def _left_behind(self) -> str:
        event = self.left_behind["event"]
        mark = ", and for a day its mark in the cache" if self.cache else ""
        return f"the audit event {event}{mark}" if event else "nothing"


_STORED = {
    "deleted": "deleted from the engine",
    "left": "still in copies of the cookie",
}


def _table(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    cells.insert(1, ["-" * max(map(len, column)) for column in zip(*cells, strict=True)])
    return _aligned(cells)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
