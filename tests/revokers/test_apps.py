"""Credentials of other apps, each with the real library: see ``tests/adapters``."""

import pytest

from tests.adapters.running import run_scenarios

LIBRARIES = {"drf_token": ["rest_framework"]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_credentials(library: str) -> None:
    """What ends them, and what does not."""
    run_scenarios(library, *LIBRARIES[library], settings="tests.adapters.settings_tokens")
