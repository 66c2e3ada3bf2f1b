"""A pytest plugin that writes down which tests have passed, and which have failed with what.

It makes passwords cheap, which some suites spend most of their time on.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

PBKDF2PasswordHasher.iterations = 1

passed: set[str] = set()
failed: dict[str, str] = {}


def pytest_runtest_logreport(report: Any) -> None:
    """Take the phases of a test, and its subtests, which have its name."""
    if report.failed:
        failed[report.nodeid] = failed.get(report.nodeid, "") + report.longreprtext
    elif report.when == "call" and report.passed:
        passed.add(report.nodeid)


def pytest_collectreport(report: Any) -> None:
    """Take files that cannot be imported."""
    if report.failed:
        failed[report.nodeid] = report.longreprtext


def pytest_terminal_summary() -> None:
    """Write to the file that ``OUTCOMES`` names. Only the process that reports comes here."""
    found = {"passed": sorted(passed - {*failed}), "failed": failed}
    Path(os.environ["OUTCOMES"]).write_text(json.dumps(found))
