"""What is done in bulk, on the database servers that differ in how they do it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import services

ROOT = Path(__file__).resolve().parents[1]
FILES = [
    "tests/ending/test_selection.py",
    "tests/test_budgets.py",
    *(f"tests/management/test_{verb}.py" for verb in ("end", "list", "adopt", "prune", "retry")),
]
#: Tests whose statements are worth it, on the engine that keeps its sessions in the database.
ABOUT_SQL = (
    "ten_thousand or statements or number_of_queries or any_queryset or stand_and_fall or middle"
    " or asked_again or sliced or one_user_in_parts or more_keys or narrow or dry_run or one_query"
    " or interrupted or ended_before or one_by_one or retention or expired or cutoff or batches"
    " or everywhere_costs or stays or many_users or second_process or sql_error"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "server",
    [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("postgres", "mariadb")],
)
def test_bulk_work_on_a_real_server(server: str) -> None:
    """In a database of its own, by a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if "XDIST" not in name},
        "DATABASE_URL": services.URLS[server],
        "FAULTS_DATABASE": f"logout_bulk_{os.getpid()}",
    }
    arguments = [
        "-m",
        "pytest",
        "-q",
        "--ds=tests.server_settings",
        "--engines=db",
        "-k",
        ABOUT_SQL,
    ]
    isolated = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [sys.executable, *arguments, *isolated, *FILES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
