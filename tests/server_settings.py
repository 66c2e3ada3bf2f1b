"""Settings of the test project for a run on a real database server."""

from tests.faults.settings import *  # noqa: F403

ROOT_URLCONF = "tests.urls"
