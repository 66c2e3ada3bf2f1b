"""How a test of ours runs a script of ours."""

import subprocess
import sys
from pathlib import Path

import pytest


def assert_runs(script: Path, *arguments: str) -> None:
    """Run a script of ours, and fail with the end of what it has printed if it does."""
    run = subprocess.run(
        [sys.executable, script, *arguments],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if run.returncode:
        tail = [line[:500] for line in run.stdout.splitlines()[-200:]]
        pytest.fail("\n".join(tail), pytrace=False)
