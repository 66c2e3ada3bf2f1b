"""What a project does with Django's logins, sessions and admin goes on working: Django's own tests
say so."""

from pathlib import Path

import pytest

from tests.suites.scripts import assert_runs


@pytest.mark.slow
def test_django_passes_its_own_tests_with_the_app_installed():
    """All but those that expected.py lists, and these fail as it says."""
    assert_runs(Path(__file__).with_name("run.py"))
