"""Run Django's own tests, those that meet a login or a session, with django_logout installed.

Without labels: all of them, but for the Selenium tests, which Django skips unless told of a
browser. Options unknown here go to Django's runtests.py, e.g. --parallel=1 or --failfast.
"""

import argparse
import os
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

SUITES = ("auth_tests", "sessions_tests", "csrf_tests", "test_client", "admin_views")
SETTINGS = "tests.django_suite.with_logout"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # this file is run as a script

from tests.suites import runner, sdists  # noqa: E402


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--django", metavar="X.Y.Z", help="another than is installed; needs uv")
    parser.add_argument("--work", type=Path, default=sdists.CACHE)
    parser.add_argument("labels", nargs="*", default=SUITES)
    options, others = parser.parse_known_args(argv)

    installed = metadata.version("django") if util.find_spec("django") else None
    wanted = options.django or installed or parser.error("Django is not installed.")
    if wanted != installed:
        return again_with(wanted, argv)
    # Without tblib no failure could travel between processes: the first would end the run.
    parallel = "--parallel=2" if util.find_spec("tblib") else "--parallel=1"
    arguments = [f"--settings={SETTINGS}", parallel, *others, *options.labels]
    return subprocess.call(
        [sys.executable, "runtests.py", *arguments],
        cwd=sdists.unpack("django", wanted, "tests", work=options.work.resolve()) / "tests",
        env=os.environ
        | {"PYTHONPATH": runner.join_paths(runner.find_app(), ROOT, os.environ.get("PYTHONPATH"))},
    )


def again_with(django: str, argv: list[str]) -> int:
    """Start over in a throw-away environment: the tests fit only the Django they came with."""
    packages = [f"--with={name}" for name in (f"django=={django}", "pip", "tblib")]
    run = ["uv", "run", "--no-project", "--isolated", "--python", sys.executable, *packages]
    return subprocess.call([*run, __file__, *argv])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
