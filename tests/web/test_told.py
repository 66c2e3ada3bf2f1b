"""What users are told of other sites that have to hear of an ending."""

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

import pytest

from django_logout import hooks
from django_logout.web.told import find_told

EVENT = uuid4()


def says(sentence: str) -> Any:
    """Return a hook that says this of each event."""

    def tell(event_ids: Collection[UUID]) -> dict[UUID, list[str]]:
        return {event_id: [sentence] for event_id in event_ids}

    return tell


def fails(event_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """Fail, like a hook whose database is away."""
    raise RuntimeError("away")


def test_all_that_is_told_comes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the hooks."""
    monkeypatch.setattr(hooks, "told", [says("one"), says("two")])
    assert find_told([EVENT]) == {EVENT: ["one", "two"]}


def test_no_event_asks_no_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page without endings costs nothing."""
    monkeypatch.setattr(hooks, "told", [fails])
    assert find_told([]) == {}


def test_a_hook_that_fails_costs_no_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the others are shown."""
    monkeypatch.setattr(hooks, "told", [fails, says("two")])
    assert find_told([EVENT]) == {EVENT: ["two"]}
    assert "could not be found out" in caplog.text
