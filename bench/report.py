"""Render the results as a page: counts, medians, ratios, budgets, and where a peer wins."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from bench.budgets import base, on_processes, verdicts
from bench.contenders import BY_NAME
from bench.measure import Measured, Results
from bench.process import Process
from bench.team import facts

PACKAGES = "django-logout Django django-allauth django-user-sessions django-qsessions psycopg redis"
WORDS = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
HOW = """\
Every contender runs in a process of its own, with a database of its own and the same small site. They take
turns: in every round each does a little of the same work, in another order. A number is the median of the
turns' medians; a ratio is the median of the ratios turn by turn, with its quartiles. **Times differ from machine
to machine and from run to run; look at counts and ratios.** Only the work itself is timed: the network is the
loopback, no server runs, the password hash is fast. Counts are queries / statements (with BEGIN, SAVEPOINT and
COMMIT, so round trips) / calls to Redis. "One turn" marks a number for which the time sufficed once only: it has
no spread, and is less reliable. `make bench` writes this page anew.
"""
#: Stands under the counts, which are taken shortly after another call of the page.
TOUCHED = """\
Once in each `LAST_SEEN_INTERVAL` (60 s, or a quarter of an idle timeout shorter than four minutes) the logged-in page
of every django-logout row, with limits or without, takes one more UPDATE, which records that the session is in use.
These counts do not show it, since the page was called shortly before."""
#: What the budgets mean where their names do not say it.
READING = """\
"More" is what ours needs beyond Django alone on the same engine. A ratio compares with the time of Django alone, or of
Django with the same record by hand. On an empty page one more read of a cache is no small part of the whole, so the
read alone is measured too, as Django with one more `get_many`. The record by hand uses the tables of django-logout
without its code. For a logout, Django's view runs in one transaction with an UPDATE that marks the login as ended and
an INSERT of the event, both by the ORM. For everywhere, one transaction of three SQL statements marks each session as
ended by the event, deletes its data and writes the event. After each of them the bench checks that the rows are those
that ours leaves. The tables above show the floor of everywhere, too: one `DELETE` by an indexed user id, without a
record."""
NOT_HERE = """\
Not measured here: 10,000 users out at once, everyone out, other processes; `tests/` counts them."""
#: Explains the CPU time of a page that ignores the user, whose whole time stands further above.
PASSING = """\
The first line shows Django alone; the others show how much more each costs. The CPU time of a page that ignores the
user is that of the session middleware and the app's middleware, measured in a loop of nothing else."""
HEADS = {"page": "logged-in page", "quiet": "page that ignores the user"}
WHY = {
    "everywhere": "None of them records when and why each session ended, and who ended it.",
    "list": "They list all sessions; ours lists the first twenty and counts them.",
    "login": "They write the row of the session alone.",
    "logout": "None of them records when and why a session ended, and who ended it.",
}
Row = list[str]


def render(results: Results, processes: dict[str, Process], *, seconds: float) -> str:
    """Return the page."""
    parts = [
        "# What it costs",
        f"Measured on {datetime.now(UTC):%d %B %Y} in {seconds:.0f} s. {machine(results)}",
        HOW,
    ]
    for database in dict.fromkeys(place.database for place in sorted(results)):
        here = {
            place: found for place, found in sorted(results.items()) if place.database == database
        }
        parts += [f"## {WORDS[database]}", *requests(here), *tables(here)]
    parts += ["![The same as a plot](results.svg)"]
    if processes:
        parts += [
            "## One process: what an app costs that is not used",
            PASSING,
            process(processes),
        ]
    parts += ["## Budgets", *budgets(results, processes)]
    parts += ["## Where a peer wins", *wins(results)]
    return "\n\n".join(parts) + "\n"


def machine(results: Results) -> str:
    """Describe the machine and the versions."""
    found = []
    for package in PACKAGES.split():
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    databases = [facts(database) for database in sorted({place.database for place in results})]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{os.cpu_count()} cores, shared; {platform.system()}, {python}; "
        + ", ".join(databases + found)
        + "."
    )


def requests(here: Results) -> Iterator[str]:
    """Yield the tables of requests."""
    places = [p for p in here if p.task not in {"everywhere", "list"}]
    if not places:
        return
    titles = [
        HEADS.get(p.task, f"{p.task}, {p.sessions:,} before" if p.task == "login" else p.task)
        for p in places
    ]
    names = list(dict.fromkeys(name for place in places for name in here[place]))
    counts = [
        [BY_NAME[name].label, *(_counts(here[p].get(name)) for p in places)] for name in names
    ]
    yield f"### One request: counts ({places[0].rows:,} sessions in the table)"
    yield table(["", *titles], counts)
    if any(BY_NAME[name].ours for name in names):
        yield TOUCHED
    timed = [(p, title) for p, title in zip(places, titles, strict=True) if here[p][names[0]].turns]
    yield "### One request: milliseconds, and the ratio to Django alone on the same engine"
    times = [
        [BY_NAME[n].label, *(_time(here[p].get(n), base(n, here[p])) for p, _ in timed)]
        for n in names
    ]
    yield table(["", *(title for _, title in timed)], times)


def tables(here: Results) -> Iterator[str]:
    """Yield the tables of one user's sessions, by the size of the session table."""
    titles = {"everywhere": "One user out everywhere", "list": "List one user's sessions"}
    for task, title in titles.items():
        places = [p for p in here if p.task == task]
        if not places:
            continue
        yield f"### {title}: milliseconds (queries), and the ratio to the floor"
        if task == "list":
            yield "Ours is the sessions page's query: the first twenty, and how many there are."
        rows = []
        for name in here[places[0]]:
            plain = BY_NAME[name].work == "Plain"
            label = "the recipe: decode every row" if plain else BY_NAME[name].label
            cells = [(here[p][name], here[p].get("floor")) for p in places]
            rows.append([label, *(f"{_time(m, floor)} ({m.queries:,})" for m, floor in cells)])
        yield table(["", *(f"{p.sessions:,} of {p.rows:,}" for p in places)], rows)


def process(found: dict[str, Process]) -> str:
    """Return the table of processes: Django alone, then how much more the others cost."""
    alone = found["django-db"]
    rows = [
        [BY_NAME["django-db"].label, *(f"{cost:.1f} {unit}" for cost, unit in _units(alone.costs))],
        *(
            [
                BY_NAME[name].label,
                *(f"{more:+.1f} {unit}" for more, unit in _units(one.more(alone))),
            ]
            for name, one in found.items()
            if one is not alone
        ),
    ]
    return table(["", "CPU to set it up", "memory", "page that ignores the user"], rows)


def _units(costs: Iterable[float]) -> Iterator[tuple[float, str]]:
    yield from zip(costs, ("ms", "MB", "µs"), strict=True)


def budgets(results: Results, processes: dict[str, Process]) -> Iterator[str]:
    """Yield the table of budgets."""
    found = [*verdicts(results), *on_processes(processes)]
    broken = sum(not verdict.held for verdict in found)
    yield f"{len(found) - broken} of {len(found)} are held; the others come first. {READING}"
    yield table(
        ["held", "", "", "budget", "measured"],
        [
            ["yes" if v.held else "**no**", WORDS.get(v.database, ""), v.what, v.budget, v.measured]
            for v in sorted(found, key=lambda verdict: verdict.held)
        ],
    )
    yield NOT_HERE


def wins(results: Results) -> Iterator[str]:
    """Yield a sentence for each task in which a peer needs clearly less time than ours."""
    found: dict[tuple[str, str], list[tuple[float, str, str]]] = {}
    for place, measured in sorted(results.items()):
        ours = measured.get("ours-db")
        for name, peer in measured.items():
            if ours is None or not (BY_NAME[name].peer and peer.turns and ours.turns):
                continue
            ratio = peer.ratio(ours)[1]
            if ratio < 0.97:
                faster = found.setdefault((place.task, name), [])
                faster.append((ratio, _counts(peer), _counts(ours)))
    if not found:
        yield "Nowhere, in this run."
    for task in dict.fromkeys(task for task, _ in found):
        peers = [
            f"{BY_NAME[name].label} needs {_range([r for r, *_ in these])} of our time "
            f"({these[-1][1]} against {these[-1][2]})"
            for (what, name), these in found.items()
            if what == task
        ]
        yield f"**{HEADS.get(task, task).capitalize()}**: {'; '.join(peers)}. {WHY.get(task, '')}".strip()


def _range(ratios: list[float]) -> str:
    low, high = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    return low if low == high else f"{low} to {high}"


def _counts(one: Measured | None) -> str:
    if one is None:
        return "-"
    return f"{one.queries:,}/{one.statements:,}/{one.cache}"


def _time(one: Measured | None, to: Measured | None) -> str:
    if one is None:
        return "-"
    ms = f"{one.ms:,.0f}" if one.ms >= 100 else f"{one.ms:.3g}"
    if to is None or to is one:
        return ms + one.once()
    low, middle, high = one.ratio(to)
    digits = 0 if middle >= 20 else 2 if middle < 5 else 1
    spread = f" ({low:.2f} to {high:.2f})" if middle < 5 else ""
    return f"{ms} · {middle:,.{digits}f} x{one.once(to) or spread}"


def table(head: Row, rows: list[Row]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
