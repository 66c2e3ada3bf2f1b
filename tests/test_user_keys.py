"""Users have the primary keys that projects give them: the same tests with each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("model", ["users.UUIDUser", "users.TextUser"])
def test_the_door_and_the_view_with_other_user_models(model: str) -> None:
    """A UUID and a word: endings, records, answers, admin, on every engine."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]
    command += [
        "tests/ending/test_after_commit.py",
        "tests/ending/test_logout.py",
        "tests/ending/test_pipeline.py",
        "tests/web/views/test_logout.py",
        "tests/responses/test_redirect.py",
    ]

    done = subprocess.run(
        [
            *command,
            "tests/races/test_admin_logout_permission.py",
            "--engines=db,cache-local",
        ],
        cwd=ROOT,
        env=os.environ | {"USER_MODEL": model},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
