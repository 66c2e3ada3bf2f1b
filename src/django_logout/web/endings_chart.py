"""A chart of endings by day and reason, for the events in the admin."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi, pgettext

from django_logout.labels import reason_label

#: How many days the chart covers, today included.
DAYS = 30
#: How many reasons have a colour of their own; the stylesheet has one more, for all others.
COLOURS = 5
#: The size of the drawing, in its own units. The page stretches it.
WIDTH, HEIGHT = 600, 100
#: The space between two bars.
GAP = 4


class Bar(NamedTuple):
    """The part of a day's bar that stands for one reason: a rectangle of the drawing."""

    colour: int
    x: int
    y: int
    width: int
    height: int
    text: str
    "What the rectangle says to a pointer."


class Day(NamedTuple):
    """A row of the table: a day with at least one ending."""

    date: str
    counts: list[int]
    "By reason, in the order of the chart's."
    total: int


class Reasons(NamedTuple):
    """A reason, or all that have no colour of their own."""

    colour: int
    label: str
    total: int


class Chart(NamedTuple):
    """What ``django_logout/admin_chart.html`` draws."""

    reasons: list[Reasons]
    bars: list[Bar]
    days: list[Day]
    first: str
    last: str
    total: int
    most: int
    "The number of endings on the day with the most."
    width: int = WIDTH
    height: int = HEIGHT


def endings_chart(events: QuerySet[Any], *, now: datetime | None = None) -> Chart | None:
    """Count these events by day and reason, in one query; return ``None`` if there are none.

    A day begins at midnight in the current time zone. The bounds are computed here: the functions
    of the database need its tables of time zones, which MySQL often lacks.
    """
    now = now or timezone.now()
    starts = _midnights(timezone.localtime(now) if timezone.is_aware(now) else now)
    columns = {
        f"day{index}": Count("pk", filter=Q(created_at__gte=start, created_at__lt=end))
        for index, (start, end) in enumerate(pairwise(starts))
    }
    recent = events.filter(created_at__gte=starts[0], created_at__lt=starts[-1])
    rows = recent.order_by().values("reason").annotate(**columns)
    counted = [(row["reason"], [row[name] for name in columns]) for row in rows]
    counted.sort(key=lambda row: (-sum(row[1]), row[0]))
    series = [(reason_label(reason), counts) for reason, counts in counted[:COLOURS]]
    if others := [counts for _, counts in counted[COLOURS:]]:
        together = [sum(column) for column in zip(*others, strict=True)]
        series.append((pgettext("django_logout", "Other reasons"), together))
    if not series:
        return None
    dates = [date_format(start, "SHORT_DATE_FORMAT") for start in starts[:-1]]
    totals = [sum(column) for column in zip(*(counts for _, counts in series), strict=True)]
    return Chart(
        reasons=[Reasons(n, label, sum(counts)) for n, (label, counts) in enumerate(series)],
        bars=_bars(series, dates, max(totals)),
        days=[
            Day(dates[index], [counts[index] for _, counts in series], totals[index])
            for index in reversed(range(DAYS))
            if totals[index]
        ],
        first=dates[0],
        last=dates[-1],
        total=sum(totals),
        most=max(totals),
    )


def _midnights(now: datetime) -> list[datetime]:
    """Return the beginnings of the days, and of tomorrow. A day may have 23 or 25 hours."""
    today = now.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    days = (today + timedelta(days=index - DAYS + 1) for index in range(DAYS + 1))
    return [day.replace(tzinfo=now.tzinfo) for day in days]


def _bars(series: list[tuple[str, list[int]]], dates: list[str], most: int) -> list[Bar]:
    """Stack the counts of each day; in languages that are read from the right, the last day is left."""
    step = WIDTH // DAYS
    bars = []
    for index, date in enumerate(dates):
        place = DAYS - 1 - index if get_language_bidi() else index
        below = 0
        for colour, (label, counts) in enumerate(series):
            if number := counts[index]:
                top = HEIGHT - (below + number) * HEIGHT // most
                height = HEIGHT - below * HEIGHT // most - top
                x, width = place * step + GAP // 2, step - GAP
                bars.append(Bar(colour, x, top, width, height, f"{date}: {label}, {number}"))
                below += number
    return bars
