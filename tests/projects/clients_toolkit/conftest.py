"""The provider, and an application that hears of logouts."""

from collections.abc import Iterator

import pytest

from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver, receiving

pytest.register_assert_rewrite(
    "tests.projects.client_logins",
    "tests.projects.client_deliveries",
    "tests.projects.client_logouts",
)


@pytest.fixture
def op() -> Toolkit:
    """The provider, by its endpoints."""
    return Toolkit()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An application on loopback."""
    with receiving() as server:
        yield server
