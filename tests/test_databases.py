"""Projects with several databases: sessions here, users there, replicas that lag."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
USERS = ("auth", "contenttypes", "admin", "users", "django_logout")

PLACES = {
    "sessions elsewhere": {"sessions": "other"},
    "users and registry elsewhere": dict.fromkeys(USERS, "other"),
    "nothing in the default one": dict.fromkeys((*USERS, "sessions"), "other"),
    "a replica that lags": {"django_logout": "default", "read:django_logout": "replica"},
    "a replica of the sessions": {"sessions": "other", "read:django_logout": "replica"},
}


@pytest.mark.slow
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_every_way_out_on_several_databases(tmp_path: Path, places: dict[str, str]) -> None:
    """The registry is asked where it is written, whatever the router says of reads; and the
    session table may be out of reach of its transaction."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.databases.settings",
        "DATABASES_FOLDER": str(tmp_path),
        "DATABASES_PLACES": json.dumps(places),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.databases.visit"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
