"""Projects with several databases: sessions here, users there, replicas that lag."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from django_logout.models import Installation

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


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["default", "other"])
def test_installation_is_recorded_where_its_table_is(settings: Any, place: str) -> None:
    """The migration runs on each database."""
    settings.PLACES = {"django_logout": place}
    settings.DATABASE_ROUTERS = ["tests.databases.router.Router"]
    Installation.objects.using("default").delete()
    migration = import_module("django_logout.migrations.0001_initial")
    migration.record_installation(apps, SimpleNamespace(connection=connection))
    assert Installation.objects.using("default").exists() is (place == "default")
