"""Names the marks by which this folder is left out (``-m "not slow"``) or picked."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes a minute or more")
    config.addinivalue_line(
        "markers", "allauth_suite: runs allauth's own tests with the app installed"
    )
