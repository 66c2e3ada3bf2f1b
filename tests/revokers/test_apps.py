"""Credentials of other apps, each with the real library: see ``tests/adapters``."""

import os

import pytest

from tests import services
from tests.adapters.running import run_scenarios

LIBRARIES = ("rest_framework", "knox", "oauth2_provider")
SETTINGS = "tests.adapters.settings_tokens"


def test_credentials() -> None:
    """What ends them, and what does not."""
    run_scenarios(
        "drf_token knox oauth_toolkit oauth_races session_page checks",
        *LIBRARIES,
        settings=SETTINGS,
    )


def test_models_of_the_projects_own() -> None:
    """In the place of the libraries'."""
    run_scenarios("own_models", *LIBRARIES, settings="tests.adapters.settings_own")


@pytest.mark.needs("redis")
def test_apps_of_allauth() -> None:
    """Its API for them: keys of sessions, and JSON web tokens."""
    settings = "tests.adapters.settings_headless"
    libraries = ("allauth", "ninja", "rest_framework")
    run_scenarios("headless", *libraries, settings=settings)
    jwt = {"HEADLESS_STRATEGY": "JWTTokenStrategy"}
    run_scenarios("headless_jwt", *libraries, settings=settings, **jwt)


def test_dj_rest_auth() -> None:
    """Its views, and its cookies."""
    libraries = ("dj_rest_auth", "rest_framework_simplejwt")
    run_scenarios("rest_auth", *libraries, settings="tests.adapters.settings_rest_auth")


@pytest.mark.needs("postgres")
def test_orders_in_which_one_waits_for_the_other() -> None:
    """On a server that locks rows."""
    database = {
        "DATABASE_URL": services.URLS["postgres"],
        "FAULTS_DATABASE": f"logout_tokens_{os.getpid()}",
    }
    run_scenarios("oauth_races", *LIBRARIES, settings=SETTINGS, **database)
