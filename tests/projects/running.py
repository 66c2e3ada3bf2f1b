"""Runs scenarios in a process of its own, where other apps are installed than in the other tests."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests import services


def run_scenarios(
    names: str, *needed: str, settings: str = "tests.adapters.settings", **environment: str
) -> None:
    """Run ``tests/adapters/<name>.py`` of each name; skip, or fail, where a module that they need
    is missing. The tables are made as they are now: some apps' histories take longer than that."""
    if missing := [module for module in needed if find_spec(module) is None]:
        what = pytest.fail if services.required() else pytest.skip
        what(f"needs {', '.join(missing)}")
    files = [f"tests/adapters/{name}.py" for name in names.split()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, "--no-migrations", f"--ds={settings}", *files],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
