"""What allauth does with logins and sessions works with the app installed: its own tests say so."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.allauth_suite
def test_allauth_passes_its_own_tests_with_the_app_installed():
    """No test fails that passes without the app."""
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("run.py")],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if run.returncode:
        tail = [line[:500] for line in run.stdout.splitlines()[-200:]]
        pytest.fail("\n".join(tail), pytrace=False)
