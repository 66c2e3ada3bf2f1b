"""Credentials of other apps, each with the real library: see ``tests/adapters``."""

import os

import pytest

from tests import services
from tests.adapters.running import run_scenarios

LIBRARIES = {
    "drf_token": ["rest_framework"],
    "knox": ["rest_framework", "knox"],
    "oauth_toolkit": ["rest_framework", "oauth2_provider"],
    "oauth_races": ["rest_framework", "oauth2_provider"],
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_credentials(library: str) -> None:
    """What ends them, and what does not."""
    run_scenarios(library, *LIBRARIES[library], settings="tests.adapters.settings_tokens")


@pytest.mark.needs("postgres")
def test_orders_in_which_one_waits_for_the_other() -> None:
    """On a server that locks rows."""
    name, needed = "oauth_races", LIBRARIES["oauth_races"]
    database = {
        "DATABASE_URL": services.URLS["postgres"],
        "FAULTS_DATABASE": f"logout_tokens_{os.getpid()}",
    }
    run_scenarios(name, *needed, settings="tests.adapters.settings_tokens", **database)
