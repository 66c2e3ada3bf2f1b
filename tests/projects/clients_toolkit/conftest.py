"""The provider."""

import pytest

from tests.projects.clients_toolkit.toolkit import Toolkit


@pytest.fixture
def op() -> Toolkit:
    """The provider, by its endpoints."""
    return Toolkit()
