"""The provider."""

import pytest

from tests.projects.clients_allauth.idp import Idp


@pytest.fixture
def op() -> Idp:
    """The provider, by its endpoints."""
    return Idp()
