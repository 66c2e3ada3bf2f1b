"""Settings of the test project for a run on a real database server."""

from tests.races.settings import *  # noqa: F403

ROOT_URLCONF = "tests.urls"
