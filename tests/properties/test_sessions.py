"""Any order of what people, administrators, clocks and caches do: the ended stay ended, the others
stay alive, and each ending is on record once.

``HYPOTHESIS_EXAMPLES=100`` tries a hundred times as many orders, and other ones each time.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.requests import Doorstep
from tests.properties.state_machine import Sessions
from tests.races import stop_points

TIMES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "1"))
THOROUGHNESS = settings(
    max_examples=8 * TIMES,
    stateful_step_count=30,
    derandomize=TIMES == 1,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
def test_in_any_order(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One machine for each engine."""
    stop_points.install(plain=False, patch=monkeypatch.setattr)
    monkeypatch.setattr(stop_points, "pipe", Doorstep())
    machine: Any = type("Machine", (Sessions,), {"engine": engine})
    run_state_machine_as_test(machine, settings=THOROUGHNESS)
