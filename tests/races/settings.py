"""Settings of the worker processes: those of the test project, with slow and unruly views."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

#: Plain Django, to show that a race brings a session back where the package is missing.
PLAIN = os.environ.get("FAULTS_PLAIN") == "1"

DATABASES["default"]["NAME"] = os.environ.get("FAULTS_DATABASE", DATABASES["default"]["NAME"])
# Nothing here has to survive a power cut.
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "sqlite": {"init_command": "PRAGMA synchronous=OFF"},
        "postgres": {"options": "-c synchronous_commit=off"},
    }.get(os.environ.get("DATABASE_URL", "sqlite://").partition(":")[0], {})
)
ROOT_URLCONF = "tests.races.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "qsessions"]
# What is logged as an error or a warning here is what the tests provoke.
LOGGING_CONFIG = None
if PLAIN:
    INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "django_logout"]
    MIDDLEWARE = [each for each in MIDDLEWARE if not each.startswith("django_logout.")]
