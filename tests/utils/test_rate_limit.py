"""What clients can cause, and a process does so often at most."""

from typing import Any

import pytest

from django_logout.utils import rate_limit
from django_logout.utils.rate_limit import RateLimit


def test_so_many_in_each_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one that is admitted says how many were not."""
    now = [1000.0]
    monkeypatch.setattr(rate_limit, "monotonic", lambda: now[0])
    limit = RateLimit(count=2, seconds=60)

    def admit(number: int) -> list[Any]:
        return [limit.admit() for _ in range(number)]

    assert admit(5) == [0, 0, None, None, None]
    now[0] += 59
    assert admit(1) == [None]
    now[0] += 1
    assert admit(3) == [4, 0, None]
    limit.reset()
    assert admit(3) == [0, 0, None]
