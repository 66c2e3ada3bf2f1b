"""``python -m bench``: see ``--help``."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from bench import process, report
from bench.contenders import BY_NAME, CONTENDERS, Contender
from bench.measure import (
    COUNTED_ONLY,
    REQUESTS,
    TABLES,
    Measured,
    Place,
    Results,
    Task,
    count,
    grow,
    take_turns,
)
from bench.team import Worker, at_work
from tests import services

BEGUN = monotonic()
LATE = 180
"Seconds after which each contender has one turn only, so that a run ends on a busy machine."


def say(what: str) -> None:
    """Print progress to stderr, apart from the results."""
    print(f"{monotonic() - BEGUN:5.0f} s  {what}", file=sys.stderr, flush=True)


def options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What logging out costs.")
    parser.add_argument("--quick", action="store_true", help="a trial run on SQLite")
    parser.add_argument(
        "--million", action="store_true", help="also with PostgreSQL tables of 1 M rows"
    )
    parser.add_argument("--only", choices=["request", "table"], help="one half of the tasks")
    parser.add_argument("--databases", nargs="+", choices=["postgres", "sqlite"])
    parser.add_argument("--contenders", nargs="+", choices=list(BY_NAME), metavar="NAME")
    parser.add_argument("--output", type=Path, help="folder for RESULTS.md and results.svg")
    given = parser.parse_args()
    if given.databases is None:
        given.databases = ["sqlite"] if given.quick else ["postgres", "sqlite"]
    if given.output is None and not (given.quick or given.only or given.contenders):
        given.output = Path(__file__).parent
    return given


def measure(database: str, given: argparse.Namespace, results: Results) -> None:
    """Run all tasks on one database."""
    with at_work(database, taking_part(database, given)) as workers:
        tables = [worker for worker in workers if worker.contender.tables]
        for rows in sizes(database, given):
            first = rows == sizes(database, given)[0]
            grow([w for w in workers if w.contender.engine == "db"] if first else tables, rows, say)
            if first and given.only != "table":
                requests(database, rows, workers, given, results)
            if given.only != "request":
                for task in TABLES:
                    place = Place(database, rows, task.name, task.sessions)
                    say(f"{task.name}, {task.sessions:,} sessions of {rows:,}")
                    players = [w for w in tables if w.contender.only in {"", task.name}]
                    results[place] = take_turns(task, players, **pace(database, given, task))


def requests(
    database: str, rows: int, workers: list[Worker], given: argparse.Namespace, results: Results
) -> None:
    """Measure pages, logins and logouts."""
    sites = [worker for worker in workers if worker.contender.work not in {"Floor", "Record"}]
    for task in REQUESTS:
        players = [w for w in sites if w.contender.only in {"", task.name}]
        say(f"{task.name}, {len(players)} contenders")
        place = Place(database, rows, task.name, task.sessions)
        results[place] = take_turns(task, players, **pace(database, given, task))
    for task in COUNTED_ONLY:
        place = Place(database, rows, task.name, task.sessions)
        results[place] = {
            w.contender.name: Measured(**count(task, w)) for w in sites if not w.contender.only
        }


def pace(database: str, given: argparse.Namespace, task: Task) -> dict[str, Any]:
    """Return rounds and times: most for PostgreSQL, since most sites run on it."""
    if given.quick:
        return {"rounds": 2, "times": max(1, task.times // 10), "allowance": 0.5}
    if monotonic() - BEGUN > LATE:
        return {"rounds": 1, "times": task.times, "allowance": 1}
    rounds, allowance = (task.rounds, 3) if database == "postgres" else (task.rounds // 2, 1)
    return {"rounds": rounds, "times": task.times, "allowance": allowance}


def taking_part(database: str, given: argparse.Namespace) -> list[Contender]:
    """Return the contenders that were asked for and run on this database."""
    names = given.contenders or [contender.name for contender in CONTENDERS]
    chosen = [BY_NAME[name] for name in names]
    return [
        c
        for c in chosen
        if c.engine == "db" or (database == "postgres" and services.available("redis"))
    ]


def sizes(database: str, given: argparse.Namespace) -> list[int]:
    """Return the sizes of the session tables."""
    if given.quick:
        return [2_000]
    if given.only == "request":
        return [10_000]
    return [10_000, 100_000, *([1_000_000] if given.million and database == "postgres" else [])]


def main() -> None:
    """Measure and report."""
    given = options()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit("terminated")
    )  # so that databases are dropped
    results: Results = {}
    for database in given.databases:
        if database == "postgres" and not services.available("postgres"):
            say("PostgreSQL does not answer: left out")
            continue
        say(database)
        measure(database, given, results)
    processes: dict[str, process.Process] = {}
    if not given.contenders and given.only is None:
        say("processes")
        processes = process.take_turns(rounds=1 if given.quick else 12)
    text = report.render(results, processes, seconds=monotonic() - BEGUN)
    print(text)
    if given.output:
        from bench import plot

        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "RESULTS.md").write_text(text)
        plot.draw(results, given.output / "results.svg")
    say("done")


if __name__ == "__main__":
    main()
