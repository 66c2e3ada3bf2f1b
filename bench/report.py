"""The results as a page: counts, medians, ratios, budgets, and where a peer wins."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from bench.budgets import base, verdicts
from bench.contenders import BY_NAME
from bench.measure import Measured, Results
from bench.team import facts

PACKAGES = "django-logout Django django-allauth django-user-sessions django-qsessions psycopg redis"
WORDS = {"postgres": "PostgreSQL", "sqlite": "SQLite"}
HOW = """\
Every contender runs in a process of its own, with a database of its own and the same small site. They take
turns: in every round each does a little of the same work, and another begins. A number is the median of the
turns' medians; a ratio is the median of the ratios turn by turn, with its quartiles. **Times differ from machine
to machine and from run to run; counts and ratios are what to look at.** Nothing but the work is timed: no
network but the loopback, no server, a fast password hash. Counts are queries / statements (with BEGIN,
SAVEPOINT and COMMIT, so round trips) / calls to Redis. `make bench` writes this page anew.
"""
Row = list[str]


def render(results: Results, *, seconds: float) -> str:
    """The page."""
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
    parts += ["![The same as a plot](results.svg)", "## Budgets", *budgets(results)]
    parts += ["## Where a peer wins", *wins(results)]
    return "\n\n".join(parts) + "\n"


def machine(results: Results) -> str:
    """In general words."""
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
    """What one costs."""
    places = [p for p in here if p.task not in {"everywhere", "list"}]
    if not places:
        return
    heads = {"page": "signed-in page", "quiet": "page that ignores the user"}
    titles = [
        heads.get(p.task, f"{p.task}, {p.sessions:,} before" if p.task == "login" else p.task)
        for p in places
    ]
    names = list(here[places[0]])
    counts = [[BY_NAME[name].label, *(_counts(here[p][name]) for p in places)] for name in names]
    yield f"### One request: counts ({places[0].rows:,} sessions in the table)"
    yield table(["", *titles], counts)
    timed = [(p, title) for p, title in zip(places, titles, strict=True) if here[p][names[0]].turns]
    yield "### One request: milliseconds, and the ratio to Django alone on the same engine"
    times = [
        [BY_NAME[n].label, *(_time(here[p][n], base(n, here[p])) for p, _ in timed)] for n in names
    ]
    yield table(["", *(title for _, title in timed)], times)


def tables(here: Results) -> Iterator[str]:
    """What one user costs, by the size of the session table."""
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


def budgets(results: Results) -> Iterator[str]:
    """Held or not."""
    found = list(verdicts(results))
    broken = [v for v in found if not v.held]
    yield f"{len(found) - len(broken)} of {len(found)} held."
    for title, these in (("Not held", broken), ("Held", [v for v in found if v.held])):
        if these:
            yield f"### {title}"
            yield table(
                ["", "", "budget", "measured"],
                [[WORDS[v.database], v.what, v.budget, v.measured] for v in these],
            )
    yield "Not measured here: 10,000 users out at once, everyone out, other processes, import and memory."


def wins(results: Results) -> Iterator[str]:
    """Whoever needs less than we do, by more than a few per cent."""
    lines = []
    for place, found in sorted(results.items()):
        ours = found.get("ours-db")
        for name, theirs in found.items():
            if ours is None or not (BY_NAME[name].peer and theirs.turns and ours.turns):
                continue
            ratio = theirs.ratio(ours)[1]
            if ratio < 0.97:
                where = f"{WORDS[place.database]}, {place.rows:,} rows, {place.sessions:,} sessions"
                counts = f"{_counts(theirs)} against our {_counts(ours)}"
                lines.append(
                    f"* {place.task} ({where}): {BY_NAME[name].label}, {ratio:.2f} x ours; {counts}"
                )
    yield "\n".join(lines) if lines else "Nowhere, in this run."


def _counts(one: Measured) -> str:
    return f"{one.queries:,}/{one.statements:,}/{one.cache}"


def _time(one: Measured, to: Measured | None) -> str:
    ms = f"{one.ms:,.0f}" if one.ms >= 100 else f"{one.ms:.3g}"
    if to is None or to is one:
        return ms
    low, middle, high = one.ratio(to)
    digits = 0 if middle >= 20 else 2 if middle < 5 else 1
    spread = f" ({low:.2f} to {high:.2f})" if middle < 5 and len(one.turns) > 1 else ""
    return f"{ms} · {middle:,.{digits}f} x{spread}"


def table(head: Row, rows: list[Row]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
