"""Compare the results with the budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.contenders import BY_NAME
from bench.measure import Measured, Place, Results
from bench.process import Process


@dataclass(frozen=True)
class Verdict:
    """Whether one budget is held in one place."""

    database: str
    what: str
    budget: str
    measured: str
    held: bool


def verdicts(results: Results) -> Iterator[Verdict]:
    """Check all budgets of requests and tables."""
    for place, found in sorted(results.items()):
        check = _ON.get(place.task)
        for name, ours in found.items() if check else ():
            if BY_NAME[name].ours:
                assert check is not None
                yield from check(place, name, ours, found)
    yield from _flat(results)


def on_processes(processes: dict[str, Process]) -> Iterator[Verdict]:
    """Check the budgets of an app that is installed and not used yet."""
    if not processes:
        return
    ms, megabytes, us = processes["ours-db"].more(processes["django-db"])
    label = f"{BY_NAME['ours-db'].label}: page that ignores the user, more CPU"
    yield Verdict("", label, "≤ 5 µs", f"{us:.1f} µs", us <= 5)
    label = f"{BY_NAME['ours-db'].label}: a process, more"
    yield Verdict("", f"{label} CPU to set it up", "≤ 10 ms", f"{ms:.0f} ms", ms <= 10)
    yield Verdict("", f"{label} memory", "≤ 1 MB", f"{megabytes:.2f} MB", megabytes <= 1)


def base(name: str, found: dict[str, Measured]) -> Measured | None:
    """Return the results of Django alone on the same engine."""
    return found.get(f"django-{BY_NAME[name].engine}")


def _ratio(
    place: Place, name: str, what: str, limit: float, ours: Measured, to: Measured
) -> Verdict:
    low, middle, high = ours.ratio(to)
    measured = f"{middle:.2f} x{ours.once(to) or f' ({low:.2f} to {high:.2f})'}"
    label = f"{BY_NAME[name].label}: {what}"
    return Verdict(place.database, label, f"≤ {limit:.2f} x", measured, middle <= limit)


def _counts(place: Place, name: str, what: str, budget: str, measured: int, limit: int) -> Verdict:
    label = f"{BY_NAME[name].label}: {what}"
    return Verdict(place.database, label, budget, str(measured), measured <= limit)


def _page(place: Place, name: str, ours: Measured, found: dict[str, Measured]) -> Iterator[Verdict]:
    django, final = base(name, found), BY_NAME[name].engine == "db"
    if django is None:
        return
    yield _counts(place, name, "page, more queries", "0", ours.queries - django.queries, 0)
    more = ours.cache - django.cache
    yield _counts(place, name, "page, more cache reads", str(int(not final)), more, int(not final))
    if ours.turns:
        yield _ratio(place, name, "page, to Django alone", 1.03 if final else 1.10, ours, django)
        if read := found.get(f"django-{BY_NAME[name].engine}-read"):
            what = "page, to Django alone with one more read"
            yield _ratio(place, name, what, 1.10, ours, read)


def _quiet(
    place: Place, name: str, ours: Measured, found: dict[str, Measured]
) -> Iterator[Verdict]:
    asked = ours.statements + ours.cache
    yield _counts(place, name, "page that ignores the user, queries and cache calls", "0", asked, 0)


def _login(
    place: Place, name: str, ours: Measured, found: dict[str, Measured]
) -> Iterator[Verdict]:
    if django := base(name, found):
        what = f"login, {place.sessions:,} sessions before, more queries"
        yield _counts(place, name, what, "≤ 2", ours.queries - django.queries, 2)


def _logout(
    place: Place, name: str, ours: Measured, found: dict[str, Measured]
) -> Iterator[Verdict]:
    engine = BY_NAME[name].engine
    if django := base(name, found):
        more = ours.queries - django.queries
        yield _counts(place, name, "logout, more queries", "≤ 3", more, 3)
    if record := found.get(f"django-{engine}-record"):
        limit = 1.4 if engine == "cache" else 1.25
        what = "logout, to Django with the same record by hand"
        yield _ratio(place, name, what, limit, ours, record)


def _everywhere(
    place: Place, name: str, ours: Measured, found: dict[str, Measured]
) -> Iterator[Verdict]:
    what = f"everywhere, {place.sessions:,} sessions of {place.rows:,}"
    yield _counts(place, name, f"{what}, queries", "≤ 6", ours.queries, 6)
    if record := found.get("record"):
        yield _ratio(place, name, f"{what}, to the same record by hand", 1.5, ours, record)


def _list(place: Place, name: str, ours: Measured, found: dict[str, Measured]) -> Iterator[Verdict]:
    what = f"list, {place.sessions:,} sessions of {place.rows:,}, queries"
    yield _counts(place, name, what, "≤ 3", ours.queries, 3)


def _flat(results: Results) -> Iterator[Verdict]:
    for database in sorted({place.database for place in results}):
        sizes = sorted(
            p
            for p in results
            if p.database == database and p.task == "everywhere" and p.sessions == 5
        )
        if len(sizes) > 1 and "ours-db" in results[sizes[0]]:
            small, large = (results[sizes[i]]["ours-db"] for i in (0, -1))
            times = large.ms / small.ms
            what = f"everywhere, from {sizes[0].rows:,} to {sizes[-1].rows:,} rows"
            label = f"{BY_NAME['ours-db'].label}: {what}"
            measured = f"{times:.2f} x{large.once(small)}"
            yield Verdict(database, label, "flat (≤ 1.5 x)", measured, times <= 1.5)


_ON = {
    "page": _page,
    "quiet": _quiet,
    "login": _login,
    "logout": _logout,
    "everywhere": _everywhere,
    "list": _list,
}
