"""What allauth does with logins and sessions works with the app installed: its own tests say so."""

from pathlib import Path

import pytest

from tests.suites.scripts import assert_runs


@pytest.mark.slow
def test_allauth_passes_its_own_tests_with_the_app_installed():
    """No test fails that passes without the app."""
    assert_runs(Path(__file__).with_name("run.py"))
