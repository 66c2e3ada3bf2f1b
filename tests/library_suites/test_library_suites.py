"""What other libraries do with logins and sessions works with the app installed: their own tests
say so."""

from pathlib import Path

import pytest

from tests.library_suites.libraries import LIBRARIES
from tests.suites.scripts import assert_runs


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_library_passes_its_own_tests_with_the_app_installed(library: str) -> None:
    """All that pass without the app, but for those that expected.py lists."""
    assert_runs(Path(__file__).with_name("run.py"), "--library", library)
