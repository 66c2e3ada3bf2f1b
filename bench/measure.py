"""Measure in turns: in each round all contenders do a little of the same work, in another order."""

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
    "How many sessions the user has before it."
    times: int = 1
    "How often it is done in a turn."
    rounds: int = 15

    @property
    def on_tables(self) -> bool:
        """Return whether it works on the session tables, without a request."""
        return self.name in {"everywhere", "list"}


@dataclass
class Measured:
    """The time and the calls that one contender needed for a task."""

    turns: list[float] = field(default_factory=list)
    "Seconds; a median for each turn."
    queries: int = 0
    statements: int = 0
    cache: int = 0

    @property
    def ms(self) -> float:
        """Return the median of the turns."""
        return median(self.turns) * 1000

    def once(self, base: Measured | None = None) -> str:
        """Return a mark if the time, or the ratio, comes from one turn only."""
        turns = min(len(self.turns), len(base.turns if base else self.turns))
        return " (one turn)" if turns == 1 else ""

    def ratio(self, base: Measured) -> tuple[float, float, float]:
        """Compare turn by turn: lower quartile, median and upper quartile of the ratios."""
        ratios = [ours / other for ours, other in zip(self.turns, base.turns, strict=False)]
        if len(ratios) < 2:
            return ratios[0], ratios[0], ratios[0]
        low, middle, high = quantiles(ratios, n=4, method="inclusive")
        return low, middle, high


@dataclass(frozen=True, order=True)
class Place:
    """The database, the table size and the task that a number belongs to."""

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
    """Measure a task. A contender that has used the allowance (seconds) gets no further turns."""
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
    """Count queries, statements and cache calls, after one run that fills the caches."""
    order = {"task": task.name, "sessions": task.sessions, "times": 0}
    if not task.on_tables and task.sessions < 1000:
        worker.ask(**order)
    counts: dict[str, int] = worker.ask(**order)
    return counts


def grow(workers: list[Worker], rows: int, say: Callable[[str], None]) -> None:
    """Fill the tables up to a number of sessions, two contenders at a time."""
    say(f"tables of {rows:,} sessions")
    for first in range(0, len(workers), 2):
        pair = workers[first : first + 2]
        for worker in pair:
            worker.order(rows=rows)
        for worker in pair:
            worker.answer()
