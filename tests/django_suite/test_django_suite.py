"""What a project does with Django's logins, sessions and admin goes on working: Django's own tests
say so."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.django_suite
def test_django_passes_its_own_tests_with_the_app_installed():
    """All but those that expected.py lists, and these fail as it says."""
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
