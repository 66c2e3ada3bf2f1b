"""Turns: every round each contender does a little of the same work, beginning with another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

from bench.team import Worker


@dataclass(frozen=True)
class Task:
    """One kind of work."""

    name: str
    sessions: int = 0
    "How many the user has before."
    times: int = 1
    "How often, each turn."
    rounds: int = 15

    @property
    def on_tables(self) -> bool:
        """Whether it is about the session tables, and not a request."""
        return self.name in {"everywhere", "list"}


@dataclass
class Measured:
    """What one contender needed for a task."""

    turns: list[float] = field(default_factory=list)
    "Seconds; a median for each turn."
    queries: int = 0
    statements: int = 0
    cache: int = 0

    @property
    def ms(self) -> float:
        """The median."""
        return median(self.turns) * 1000

    def once(self, base: Measured | None = None) -> str:
        """A mark for a time, or a ratio, of one turn, since there was no time for more."""
        turns = min(len(self.turns), len(base.turns if base else self.turns))
        return " (one turn)" if turns == 1 else ""

    def ratio(self, base: Measured) -> tuple[float, float, float]:
        """To another's, turn by turn: lower quartile, median, upper quartile."""
        ratios = [mine / theirs for mine, theirs in zip(self.turns, base.turns, strict=False)]
        if len(ratios) < 2:
            return ratios[0], ratios[0], ratios[0]
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return low, middle, high


@dataclass(frozen=True, order=True)
class Place:
    """Where a number comes from."""

    database: str
    rows: int
    task: str
    sessions: int


Results = dict[Place, dict[str, Measured]]

REQUESTS = (
    Task("page", times=40),
    Task("quiet", times=80),
    Task("login", sessions=5, times=6),
    Task("logout", sessions=5, times=6),
)
COUNTED_ONLY = (Task("login", 0), Task("login", 1000))
TABLES = (
    Task("everywhere", 5),
    Task("everywhere", 1000, rounds=7),
    Task("list", 5),
    Task("list", 1000, rounds=7),
)


def take_turns(
    task: Task, workers: list[Worker], *, rounds: int, times: int, allowance: float
) -> dict[str, Measured]:
    """Measure; whoever has used the allowance (seconds) has no further turns."""
    found = {worker.contender.name: Measured() for worker in workers}
    for worker in workers:
        vars(found[worker.contender.name]).update(count(task, worker))
    spent = dict.fromkeys(found, 0.0)
    for number in range(rounds):
        shift = number % len(workers)
        for worker in workers[shift:] + workers[:shift]:
            name = worker.contender.name
            if spent[name] < allowance:
                order = {"task": task.name, "sessions": task.sessions, "times": times}
                begin = perf_counter()
                found[name].turns.append(median(worker.ask(**order)))
                spent[name] += perf_counter() - begin
    return found


def count(task: Task, worker: Worker) -> dict[str, int]:
    """Its queries, statements and cache calls; once before, so that what is warm is warm."""
    order = {"task": task.name, "sessions": task.sessions, "times": 0}
    if not task.on_tables and task.sessions < 1000:
        worker.ask(**order)
    counts: dict[str, int] = worker.ask(**order)
    return counts


def grow(workers: list[Worker], rows: int, say: Callable[[str], None]) -> None:
    """Tables of so many sessions, two at a time."""
    say(f"tables of {rows:,} sessions")
    for first in range(0, len(workers), 2):
        pair = workers[first : first + 2]
        for worker in pair:
            worker.order(rows=rows)
        for worker in pair:
            worker.answer()
