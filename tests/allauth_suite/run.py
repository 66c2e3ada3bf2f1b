"""Run allauth's own tests with django_logout installed, in each of its test projects.

A test that fails is run again without django_logout: only what passes there is a failure of ours.
Options unknown here go to pytest, e.g. ``-n 0`` or ``-k headless``.
"""

import argparse
import sys
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # this file is run as a script

from tests.suites import runner, sdists

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


def main(argv: list[str]) -> int:
    """Return the number of test projects in which tests fail because of django_logout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", choices=PROJECTS, action="append", help="default: all")
    parser.add_argument("--work", type=Path, default=sdists.CACHE)
    options, others = parser.parse_known_args(argv)

    if missing := runner.find_missing(NEEDED):
        parser.error(f"Not installed: {missing}. They are in the dependency group suites.")
    version = metadata.version("django-allauth")
    folder = sdists.unpack("django-allauth", version, "tests", "pytest.ini", work=options.work)
    projects = options.project or PROJECTS
    return sum(not passes(project, folder.resolve(), others) for project in projects)


def passes(project: str, folder: Path, others: list[str]) -> bool:
    """Return whether no test of a project fails that passes without django_logout."""
    settings = f"tests.projects.{project}.settings"
    print(f"allauth's tests, project {project}, with django_logout", flush=True)
    ours = runner.run_pytest(folder, [*others, "tests"], installed=True, settings=settings)
    wrong = []
    if ours.failed:
        print("The same tests without django_logout", flush=True)
        with TemporaryDirectory() as scratch:
            named = Path(scratch, "tests")
            named.write_text("".join(f"{test}\n" for test in sorted(ours.failed)))
            arguments = [f"@{named}", *others]
            without = runner.run_pytest(folder, arguments, installed=False, settings=settings)
        wrong = runner.judge(runner.find_new_failures(ours, without), {})
    print("\n".join([*wrong, f"{project}: {len(ours.passed)} passed, {len(wrong)} new failures"]))
    return not wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
