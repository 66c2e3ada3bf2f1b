"""The public functions are typed: mypy and pyright accept right calls, and refuse wrong ones."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

CALLS = Path(__file__).with_name("calls.py")
ROOT = CALLS.parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a type checker at the root of the repository."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.slow
@pytest.mark.needs("mypy", "mypy_django_plugin")
def test_mypy() -> None:
    """Strictly, with django-stubs."""
    done = run("mypy", "--warn-unused-ignores", str(CALLS))
    assert "Success: no issues found in 1 source file" in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.needs("pyright")
def test_pyright() -> None:
    """It takes Django's stubs where they are installed."""
    project = str(CALLS.with_name("pyrightconfig.json"))
    done = run("pyright", "--project", project, "--pythonpath", sys.executable, "--outputjson")
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == 1
    errors = [
        f"{each['range']['start']['line'] + 1}: {each['message']}"
        for each in found["generalDiagnostics"]
    ]
    assert errors == []
