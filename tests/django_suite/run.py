"""Run Django's own tests, those that meet a login or a session, with django_logout installed.

Without labels: all of them, but for the Selenium tests, which Django skips unless told of a
browser. Options unknown here go to Django's runtests.py, e.g. --parallel=1 or --failfast.
"""

import argparse
import os
import subprocess
import sys
import tarfile
from importlib import metadata, util
from pathlib import Path
from tempfile import TemporaryDirectory

SUITES = ("auth_tests", "sessions_tests", "csrf_tests", "test_client", "admin_views")
SETTINGS = "tests.django_suite.with_logout"
ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--django", metavar="X.Y.Z", help="another than is installed; needs uv")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "django-tests")
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
        cwd=tests_of(wanted, options.work.resolve()),
        env=os.environ | {"PYTHONPATH": search_path()},
    )


def again_with(django: str, argv: list[str]) -> int:
    """Start over in a throw-away environment: the tests fit only the Django they came with."""
    packages = [f"--with={name}" for name in (f"django=={django}", "pip", "tblib")]
    run = ["uv", "run", "--no-project", "--isolated", "--python", sys.executable, *packages]
    return subprocess.call([*run, __file__, *argv])


def tests_of(django: str, work: Path) -> Path:
    """Wheels leave the tests out, so they come from the source distribution, once a version."""
    kept = work / django
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        # Renamed when whole: a download that breaks off must not pass for the tests.
        with TemporaryDirectory(dir=work) as scratch:
            download(django, scratch)
            (sdist,) = Path(scratch).glob("*.tar.gz")
            with tarfile.open(sdist) as archive:
                tests = [member for member in archive if "tests" in Path(member.name).parts[1:2]]
                archive.extractall(scratch, tests, filter="data")
            (unpacked,) = Path(scratch).glob("*/tests")
            unpacked.rename(kept)
    return kept


def download(django: str, folder: str) -> None:
    """By pip, borrowed where the environment has none: uv installs, but cannot just download."""
    pip = [sys.executable, "-m", "pip"]
    if not util.find_spec("pip"):
        pip = ["uvx", "--python", sys.executable, "pip"]
    options = ["--quiet", "--no-deps", "--no-binary=django", f"--dest={folder}"]
    subprocess.run([*pip, "download", *options, f"django=={django}"], check=True)


def search_path() -> str:
    """For our settings, and for the django_logout that is importable here, else that in src."""
    found = util.find_spec("django_logout")
    app = Path(found.origin).resolve().parents[1] if found and found.origin else ROOT / "src"
    parts = [str(app), str(ROOT), os.environ.get("PYTHONPATH")]
    return os.pathsep.join(filter(None, parts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
