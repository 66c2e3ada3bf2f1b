"""JSON web tokens, with the real library: see ``tests/adapters``."""

import os

import pytest

from tests import services
from tests.adapters.running import run_scenarios

SETTINGS = "tests.adapters.settings_jwt"
LIBRARY = "rest_framework_simplejwt"


def test_json_web_tokens() -> None:
    """What ends them, and what does not."""
    parts = "simplejwt simplejwt_cutoffs simplejwt_limits simplejwt_races"
    run_scenarios(parts, LIBRARY, settings=SETTINGS)


@pytest.mark.needs("redis")
def test_what_the_cache_remembers_of_them() -> None:
    """What it costs, and that it is right."""
    run_scenarios("simplejwt_costs simplejwt_orders", LIBRARY, settings=SETTINGS)


def test_without_the_librarys_list() -> None:
    """Its app is not installed: refresh tokens are refused by us alone."""
    run_scenarios("simplejwt_unlisted", LIBRARY, settings=SETTINGS, JWT_UNLISTED="1")


@pytest.mark.needs("postgres")
def test_races_on_a_server_that_locks_rows() -> None:
    """There one can be in the middle of a transaction while another writes."""
    database = {
        "DATABASE_URL": services.URLS["postgres"],
        "FAULTS_DATABASE": f"logout_jwt_{os.getpid()}",
    }
    run_scenarios("simplejwt_locks", LIBRARY, settings=SETTINGS, **database)


@pytest.mark.needs("postgres", "redis")
def test_on_another_process() -> None:
    """Whatever one process ends, another refuses."""
    run_scenarios("simplejwt_processes", LIBRARY, settings=SETTINGS)
