"""Run allauth's own tests with django_logout installed, in each of its test projects.

A test that fails is run again without django_logout: only what passes there is a failure of ours.
Options unknown here go to pytest, e.g. ``-n 0`` or ``-k headless``.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # this file is run as a script

from tests import sdists  # noqa: E402

PROJECTS = ("regular", "login_required_mw", "account_only", "headless_only")
#: What allauth's tests import.
NEEDED = (
    "allauth",
    "ninja",
    "openid",
    "PIL",
    "psycopg",
    "pytest_asyncio",
    "rest_framework",
    "yaml",
)
#: Plugins that are not allauth's own choice: a cache folder among its tests, and random order.
WITHOUT = ("-p", "no:cacheprovider", "-p", "no:randomly")
#: What pytest answers when all tests have passed, and when some have failed.
COMPLETE = {0, 1}


def main(argv: list[str]) -> int:
    """Return the number of test projects in which tests fail because of django_logout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", choices=PROJECTS, action="append", help="default: all")
    parser.add_argument("--work", type=Path, default=sdists.CACHE)
    options, others = parser.parse_known_args(argv)

    # Without one of these, tests fail with and without django_logout, and would not count.
    missing = [name for name in NEEDED if not util.find_spec(name)]
    if missing:
        parser.error(f"Not installed: {missing}. They are in the dependency group suites.")
    version = metadata.version("django-allauth")
    folder = sdists.unpack("django-allauth", version, "tests", "pytest.ini", work=options.work)
    projects = options.project or PROJECTS
    return sum(not passes(project, folder.resolve(), others) for project in projects)


def passes(project: str, folder: Path, others: list[str]) -> bool:
    """Whether no test of a project fails that passes without django_logout."""
    print(f"allauth's tests, project {project}, with django_logout", flush=True)
    failed = run(project, folder, ["-p", "with_logout", *others, "tests"])
    if failed:
        print("The same tests without django_logout", flush=True)
        failed -= run(project, folder, others, failed)
    for test in sorted(failed):
        print(f"FAILS WITH django_logout ONLY: {test}")
    return not failed


def run(
    project: str, folder: Path, arguments: Sequence[str], tests: set[str] = frozenset()
) -> set[str]:
    """Run pytest in a project, and return the tests that have failed."""
    settings = f"tests.projects.{project}.settings"
    with TemporaryDirectory() as scratch:
        failures, named = Path(scratch, "failures"), Path(scratch, "tests")
        named.write_text("".join(f"{test}\n" for test in sorted(tests)))
        options = ["-p", "failures", "--quiet", "--disable-warnings", *WITHOUT]
        if tests:
            options.append(f"@{named}")
        status = subprocess.call(
            [sys.executable, "-m", "pytest", f"--ds={settings}", *options, *arguments],
            cwd=folder,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": settings,
                "FAILURES": str(failures),
                "PYTHONPATH": search_path(),
            },
        )
        if status not in COMPLETE:
            sys.exit(f"pytest has not run the tests (exit status {status}).")
        return set(failures.read_text().splitlines())


def search_path() -> str:
    """For our plugins, and for the django_logout that is importable here, else that in src. Our
    own package ``tests`` stays out: allauth's has the same name."""
    found = util.find_spec("django_logout")
    app = Path(found.origin).resolve().parents[1] if found and found.origin else ROOT / "src"
    return os.pathsep.join([str(app), str(Path(__file__).parent)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
