"""The checks are silent on a complete project, and name each app whose revoker is missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from django_logout import revokers
from tests.projects.system_checks import messages
from tests.settings import ENGINES


@pytest.fixture(autouse=True)
def on_db(settings: Any) -> None:
    """Use db, because other checks speak up on other engines."""
    settings.SESSION_ENGINE = ENGINES["db"]


def test_checks_are_silent() -> None:
    """The project is complete."""
    assert messages() == []


@pytest.fixture
def _without_ours(monkeypatch: Any) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(revokers, "BY_APP", {})
        revokers.paths.cache_clear()
        yield
    revokers.paths.cache_clear()


@pytest.mark.usefixtures("_without_ours")
def test_check_names_apps_without_revoker() -> None:
    """By the structure of their models; the check knows no app by name."""
    assert [message.msg.split('"')[1] for message in messages()] == [
        "rest_framework.authtoken",
        "knox",
        "oauth2_provider",
    ]
