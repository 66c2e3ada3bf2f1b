"""The comparison of settings with their annotations."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal

import pytest
from django.contrib.sessions.backends.base import SessionBase

from django_logout.operations.checks.setting_types import describe, matches


@pytest.mark.parametrize(
    ("hint", "right", "wrong", "words"),
    [
        (bool, [True], [1, "yes"], "True or False"),
        (int, [1], [True, "1", 1.5], "a whole number"),
        (float | None, [1.5, None], [False, "1"], "a number or None"),
        (timedelta | int, [timedelta(1), 5], ["5"], "a timedelta or a whole number"),
        (Literal["end", "ask"], ["end"], ["start"], "one of 'end', 'ask'"),
        (Mapping[str, int], [{"a": 1}, {}], [{"a": "b"}, {1: 1}, []], "a dict"),
        (Callable[..., Any], [print], ["print"], "a callable"),
        (SessionBase, [SessionBase()], [1], "a SessionBase"),
    ],
)
def test_annotations_are_compared_and_described(
    hint: Any, right: list[Any], wrong: list[Any], words: str
) -> None:
    """A new setting needs no check of its own."""
    assert all(matches(value, hint) for value in right)
    assert not any(matches(value, hint) for value in wrong)
    assert describe(hint)[0] == words
