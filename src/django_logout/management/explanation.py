"""The result of a rehearsed logout, as text and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the execution table."""

    step: int
    action: str
    request_state: str
    session_state: str
    response: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A line of the variable tracker."""

    variable: str
    start: bool
    after_logout: bool
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What happened to the session. Nothing in it is secret."""

    user: str
    engine: str
    guarded: bool
    "Whether the status of a session is asked for; not if the engine's own deletes are final."
    cache: str | None
    "The cache that is asked for the status, if there is one."
    steps: tuple[Step, ...]
    variables: tuple[Variable, ...]
    ended: dict[str, int]
    failed: list[str]
    not_ended: dict[str, int]
    stored_data: str
    "``deleted``, or ``left`` if the cookie holds the data."
    copied_cookie: str
    "``refused`` or ``served``."
    left_behind: dict[str, str | None]
    "The id of the audit event."

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """Return all of it for a terminal."""
        if not self.guarded:
            gate = "not asked, because this engine's deletes are final"
        elif self.cache:
            gate = f"asks {self.cache}"
        else:
            gate = "asks the registry, because there is no shared cache"
        left_behind = "nothing"
        if event := self.left_behind["event"]:
            mark = ", and for a day its mark in the cache" if self.cache else ""
            left_behind = f"the audit event {event}{mark}"
        deleted = self.stored_data == "deleted"
        facts = [
            ("Ended:", ", ".join(f"{n} {what}" for what, n in self.ended.items()) or "nothing"),
            ("Failed:", ", ".join(self.failed) or "nothing"),
            ("Not ended:", f"{self.not_ended['other_sessions']} other sessions of {self.user}"),
            (
                "Stored data:",
                "deleted from the engine" if deleted else "still in copies of the cookie",
            ),
            ("Copied cookie:", f"replayed, and {self.copied_cookie}"),
            ("Engine:", self.engine),
            ("Gate:", gate),
            ("Left behind:", left_behind),
        ]
        steps = ("Step", "Action", "Request State", "Session State", "Response")
        variables = ("Variable", "Start", "After logout()", "Final")
        return "\n\n".join(
            [_table(steps, self.steps), _table(variables, self.variables), _aligned(facts)]
        )


def _table(heads: Sequence[str], rows: Sequence[Any]) -> str:
    cells = [list(heads), *([str(cell) for cell in asdict(row).values()] for row in rows)]
    cells.insert(1, ["-" * max(map(len, column)) for column in zip(*cells, strict=True)])
    return _aligned(cells)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
