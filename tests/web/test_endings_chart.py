"""The chart of endings by day and reason."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from django_logout.enums import Reason
from django_logout.models import LogoutEvent
from django_logout.web.endings_chart import DAYS, HEIGHT, WIDTH, Chart, endings_chart
from tests.query_counts import cost

pytestmark = pytest.mark.django_db

#: Summer time ends in Berlin in the night to October 25, 2026, which has 25 hours.
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 30, 12, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def berlin() -> Any:
    """The current time zone."""
    with timezone.override(BERLIN):
        yield


def end(number: int, reason: str, *at: int) -> None:
    """Write so many events, of October 2026 or of the given month."""
    month, day, hour, minute = (10, *at)[-4:] if len(at) == 3 else at
    when = datetime(2026, month, day, hour, minute, tzinfo=BERLIN)
    LogoutEvent.objects.bulk_create(
        LogoutEvent(reason=reason, scope="current", created_at=when, sessions=1, complete=True)
        for _ in range(number)
    )


def chart(**filters: Any) -> Chart:
    """Return the chart of the events that a filter leaves."""
    found = endings_chart(LogoutEvent.objects.filter(**filters), now=NOW)
    assert found is not None
    return found


def test_days_begin_at_midnight_of_the_reader() -> None:
    """Even if the clocks are changed on that day."""
    end(1, "user", 24, 23, 59)
    end(2, "user", 25, 0, 0)
    end(3, "user", 25, 23, 59)
    end(4, "user", 26, 0, 0)

    days = chart().days

    assert [(day.date, day.total) for day in days] == [
        ("10/26/2026", 4),
        ("10/25/2026", 5),
        ("10/24/2026", 1),
    ]


def test_chart_covers_thirty_days_and_today() -> None:
    """What is older, or in the future, is left out."""
    for days in (-1, 0, DAYS - 1, DAYS):
        at = NOW - timedelta(days=days)
        end(1, "user", at.month, at.day, 12, 0)

    found = chart()

    assert (found.total, found.first, found.last) == (2, "10/01/2026", "10/30/2026")
    assert [day.date for day in found.days] == ["10/30/2026", "10/01/2026"]


def test_nothing_is_drawn_if_there_is_nothing() -> None:
    """An empty chart would say nothing."""
    end(1, "user", 8, 1, 12, 0)

    assert endings_chart(LogoutEvent.objects.all(), now=NOW) is None


def test_rarest_reasons_are_put_together() -> None:
    """There are few colours, and the order is that of frequency."""
    reasons = [str(reason) for reason in Reason][:8]
    for number, reason in enumerate(reasons, 1):
        end(number, reason, 20, 12, 0)

    found = chart()

    assert [(row.colour, row.total) for row in found.reasons] == [
        *((0, 8), (1, 7), (2, 6), (3, 5), (4, 4), (5, 3 + 2 + 1))
    ]
    assert found.reasons[-1].label == "Other reasons"
    assert found.days[0].counts == [row.total for row in found.reasons]


def test_bars_are_stacked_within_the_drawing() -> None:
    """The highest fills it; parts do not overlap, and leave no hole."""
    end(3, "user", 29, 12, 0)
    end(4, "idle", 29, 12, 0)
    end(1, "admin", 30, 12, 0)

    bars = chart().bars

    assert [bar.text for bar in bars] == [
        "10/29/2026: Inactive, 4",
        "10/29/2026: Logged out, 3",
        "10/30/2026: Ended by an administrator, 1",
    ]
    lower, upper, last = bars
    assert (lower.y + lower.height, lower.y, upper.y) == (HEIGHT, upper.y + upper.height, 0)
    assert upper.x == lower.x < last.x <= WIDTH - last.width
    assert last.height > 0


def test_time_runs_from_the_right_in_arabic() -> None:
    """As the page does."""
    end(1, "user", 30, 12, 0)

    (english,) = chart().bars
    with translation.override("ar"):
        (arabic,) = chart().bars

    assert arabic.x < WIDTH // DAYS
    assert english.x + english.width > WIDTH - WIDTH // DAYS


@pytest.mark.parametrize("number", [1, 40])
def test_chart_takes_one_query(number: int) -> None:
    """Whatever the number of events and reasons."""
    for reason in [*Reason][:number]:
        end(2, reason, 20, 12, 0)

    with cost() as spent:
        chart()

    assert spent.queries == 1


def test_chart_counts_what_the_list_shows() -> None:
    """A filter of the list holds for it, and an order does not split its groups."""
    end(2, "user", 20, 12, 0)
    end(3, "idle", 20, 12, 0)

    assert chart(reason="idle").total == 3
    assert [row.total for row in chart().reasons] == [3, 2]


def test_chart_needs_no_time_zone(settings: Any) -> None:
    """Projects may do without."""
    settings.USE_TZ = False
    now = datetime(2026, 10, 30, 12)  # noqa: DTZ001
    LogoutEvent.objects.create(
        reason="user", scope="current", created_at=now, sessions=1, complete=True
    )

    for moment in (now, None):
        found = endings_chart(LogoutEvent.objects.all(), now=moment)
        assert moment is None or (found is not None and found.total == 1)
