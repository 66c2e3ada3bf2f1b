"""A project with all the libraries: the checks say nothing; with none of our revokers, all of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks.registry import registry

from django_logout import revokers
from django_logout.operations import checks
from tests.settings import ENGINES


def found() -> list[Any]:
    """What they say."""
    ours = [c for c in registry.get_checks() if c.__module__.startswith(checks.__name__)]
    return [message for check in ours for message in check(app_configs=None, databases=None)]


@pytest.fixture(autouse=True)
def on_db(settings: Any) -> None:
    """What other engines lack here is another check's concern."""
    settings.SESSION_ENGINE = ENGINES["db"]


def test_silence() -> None:
    """On a correct project."""
    assert found() == []


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
    assert [message.msg.split('"')[1] for message in found()] == [
        "rest_framework.authtoken",
        "knox",
        "oauth2_provider",
    ]
