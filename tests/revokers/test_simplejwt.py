"""JSON web tokens, with the real library: see ``tests/adapters``."""

import os

import pytest

from tests import services
from tests.adapters.running import run_scenarios

SETTINGS = "tests.adapters.settings_jwt"
LIBRARY = "rest_framework_simplejwt"


@pytest.mark.parametrize("part", ["", "_cutoffs", "_limits", "_races"])
def test_json_web_tokens(part: str) -> None:
    """What ends them, and what does not."""
    run_scenarios(f"simplejwt{part}", LIBRARY, settings=SETTINGS)


@pytest.mark.needs("redis")
@pytest.mark.parametrize("part", ["_costs", "_orders"])
def test_what_the_cache_remembers_of_them(part: str) -> None:
    """What it costs, and that it is right."""
    run_scenarios(f"simplejwt{part}", LIBRARY, settings=SETTINGS)


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
    run_scenarios("simplejwt_races", LIBRARY, settings=SETTINGS, **database)


@pytest.mark.needs("postgres", "redis")
def test_on_another_process() -> None:
    """Whatever one process ends, another refuses."""
    run_scenarios("simplejwt_processes", LIBRARY, settings=SETTINGS)
