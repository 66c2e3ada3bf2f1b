"""Draw the results; the same numbers give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})

from matplotlib import pyplot as plt  # noqa: E402

from bench.budgets import base  # noqa: E402
from bench.contenders import BY_NAME  # noqa: E402
from bench.measure import Results  # noqa: E402

TASKS = ("page", "login", "logout")


def draw(results: Results, path: Path) -> None:
    """Draw requests as ratios on the left, everywhere by table size on the right."""
    database = "postgres" if any(p.database == "postgres" for p in results) else "sqlite"
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    _requests(left, results, database)
    _everywhere(right, results, database)
    figure.suptitle({"postgres": "PostgreSQL", "sqlite": "SQLite"}[database])
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _requests(axes: Any, results: Results, database: str) -> None:
    places = {
        p.task: p
        for p, found in results.items()
        if p.database == database and p.task in TASKS and all(m.turns for m in found.values())
    }
    names = [
        name
        for name in (results[places["page"]] if "page" in places else ())
        if not name.startswith("django-")
    ]
    for number, task in enumerate(task for task in TASKS if task in places):
        found = results[places[task]]
        ratios = []
        for name in names:
            to = base(name, found)
            ratios.append(found[name].ratio(to)[1] if to else 0)
        axes.barh([y + (number - 1) * 0.26 for y in range(len(names))], ratios, 0.24, label=task)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(names)), [BY_NAME[name].label for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("a request: times Django alone on the same engine (left is better)")
    axes.legend()


def _everywhere(axes: Any, results: Results, database: str) -> None:
    for sessions, style in ((5, "-"), (1000, ":")):
        places = sorted(
            p
            for p in results
            if p.database == database and p.task == "everywhere" and p.sessions == sessions
        )
        for number, name in enumerate(results[places[0]] if places else ()):
            label = "the recipe: decode every row" if name == "django-db" else BY_NAME[name].label
            heights = [results[place][name].ms for place in places]
            axes.loglog(
                [place.rows for place in places],
                heights,
                style,
                marker="o",
                color=f"C{number}",
                label=label if sessions == 5 else None,
            )
    axes.set_xlabel("sessions in the table")
    axes.set_ylabel("one user out everywhere: ms (5 sessions; dotted: 1,000)")
    axes.legend()
