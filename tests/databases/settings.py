"""The test project on several databases; the environment says which app lives where."""

import json
import os
from pathlib import Path

from tests.settings import *  # noqa: F403

FOLDER = Path(os.environ["DATABASES_FOLDER"])
#: App label → alias, for reads and writes; "read:<label>" for reads alone.
PLACES = json.loads(os.environ["DATABASES_PLACES"])
DATABASES = {
    alias: {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / alias,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous=OFF"},
    }
    for alias in ("default", "other", "replica")
}
DATABASE_ROUTERS = ["tests.databases.router.Router"]
LOGGING_CONFIG = None
