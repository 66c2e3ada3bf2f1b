"""Fixtures for the tests of endings."""

from collections.abc import Iterator
from typing import Any

import pytest

from django_logout.signals import session_ended


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What ``session_ended`` has said."""
    said: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        said.append(kwargs)

    session_ended.connect(listen)
    yield said
    session_ended.disconnect(listen)
