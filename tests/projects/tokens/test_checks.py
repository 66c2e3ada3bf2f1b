"""A project with all the libraries: the checks say nothing; with none of our revokers, all of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from django_logout import revokers
from tests.projects.system_checks import messages
from tests.settings import ENGINES


@pytest.fixture(autouse=True)
def on_db(settings: Any) -> None:
    """What other engines lack here is another check's concern."""
    settings.SESSION_ENGINE = ENGINES["db"]


def test_silence() -> None:
    """On a correct project."""
    assert messages() == []


@pytest.fixture
def _without_ours(monkeypatch: Any) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(revokers, "BY_APP", {})
        revokers.paths.cache_clear()
        yield
    revokers.paths.cache_clear()


@pytest.mark.usefixtures("_without_ours")
def test_each_would_be_missed() -> None:
    """By its structure: the check knows none of them by name."""
    assert [message.msg.split('"')[1] for message in messages()] == [
        "rest_framework.authtoken",
        "knox",
        "oauth2_provider",
    ]
