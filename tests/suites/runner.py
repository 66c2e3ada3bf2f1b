"""Run other people's own tests with and without django_logout, and compare."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import util
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.suites.difference import Difference

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).with_name("plugins")
OPTIONS = (
    "--quiet",
    "--disable-warnings",
    "--tb=short",
    "--continue-on-collection-errors",
    # Not their authors' choice: a cache folder among their tests, and random order.
    *("-p", "no:cacheprovider"),
    *("-p", "no:randomly"),
)
#: What pytest answers when all tests have passed, and when some have failed.
COMPLETE = {0, 1}


class Outcomes(NamedTuple):
    """What has become of the tests of one run, by their node ids."""

    passed: frozenset[str]
    failed: dict[str, str]
    "With what they have printed."


def run_pytest(
    folder: Path,
    arguments: Iterable[str],
    *,
    installed: bool,
    settings: str = "",
    search: Sequence[Path] = (),
) -> Outcomes:
    """Run pytest in a folder, and return what has become of the tests.

    Their own package ``tests`` has the name of ours, which stays out: only the plugins are found.
    """
    with TemporaryDirectory() as scratch:
        outcomes = Path(scratch, "outcomes")
        options = ["-p", "outcomes", *OPTIONS]
        if installed:
            options += ["-p", "with_logout"]
        if settings:
            options.append(f"--ds={settings}")
        environment = os.environ | {
            "OUTCOMES": str(outcomes),
            "PYTHONPATH": join_paths(*search, find_app(), PLUGINS),
        }
        # Theirs, or none: a test project that configures itself must not meet another's name.
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        if settings:
            environment["DJANGO_SETTINGS_MODULE"] = settings
        status = subprocess.call(
            [sys.executable, "-m", "pytest", *options, *arguments], cwd=folder, env=environment
        )
        if status not in COMPLETE:
            sys.exit(f"pytest has not run the tests (exit status {status}).")
        found = json.loads(outcomes.read_text())
    return Outcomes(frozenset(found["passed"]), found["failed"])


def find_new_failures(ours: Outcomes, without: Outcomes) -> dict[str, str]:
    """Return the tests that pass only without django_logout, with what they print when they fail."""
    return {
        test: ours.failed.get(test, "It did not run, or was skipped.")
        for test in sorted(without.passed - ours.passed)
    }


def judge(new: Mapping[str, str], listed: Mapping[str, Difference]) -> list[str]:
    """Return what is wrong: new failures that are not listed, and listed ones that are not so."""
    wrong = [
        f"FAILS WITH django_logout ONLY: {test}\n{shown}"
        for test, shown in new.items()
        if test not in listed
    ]
    for test, difference in listed.items():
        if test not in new:
            wrong.append(f"NOT AS LISTED, since it passes, fails anyway or is no more: {test}")
        elif difference.shows not in new[test]:
            wrong.append(f"NOT AS LISTED: {test}\n{new[test]}")
    return wrong


def find_app() -> Path:
    """Return where the django_logout is that is importable here, else ``src``."""
    found = util.find_spec("django_logout")
    return Path(found.origin).resolve().parents[1] if found and found.origin else ROOT / "src"


def find_missing(modules: Iterable[str]) -> list[str]:
    """Return those that are not installed. Their tests would fail with and without django_logout,
    and so not count."""
    return [name for name in modules if not util.find_spec(name)]


def join_paths(*paths: Path | str | None) -> str:
    """Return them as PYTHONPATH has them."""
    return os.pathsep.join(str(path) for path in paths if path)
