"""Run the tests of libraries that log users in and out, without and with django_logout installed.

A test that passes without and does not with is a failure of ours, unless ``expected.py`` says why.
Options unknown here go to pytest, e.g. ``-x`` or ``-k logout``.
"""

import argparse
import shutil
import sys
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import django

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # this file is run as a script

from tests.library_suites.expected import DIFFERENCES  # noqa: E402
from tests.library_suites.libraries import LIBRARIES, WITHOUT_SUITE, Library  # noqa: E402
from tests.suites import runner, sdists  # noqa: E402


def main(argv: list[str]) -> int:
    """Return the number of libraries whose tests fail because of django_logout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=sdists.CACHE)
    parser.add_argument("--library", choices=LIBRARIES, action="append", help="default: all")
    options, others = parser.parse_known_args(argv)

    names = options.library or [*LIBRARIES]
    missing = runner.find_missing(module for name in names for module in LIBRARIES[name].needs)
    if missing:
        parser.error(f"Not installed: {missing}. They are in the dependency group suites.")
    print(f"django-logout from {runner.find_app()}, Django {django.__version__}")
    rows = [compare(name, options.work, others) for name in names]
    print("\nlibrary                        version  without   with  as listed  wrong")
    print("\n".join(rows))
    if not options.library:
        print("\n".join(f"{name:30} not run: {why}" for name, why in WITHOUT_SUITE.items()))
    return sum(not row.endswith(" 0") for row in rows)


def compare(name: str, work: Path, others: list[str]) -> str:
    """Run the tests of a library twice, print what is wrong, and return the line of the table."""
    version = metadata.version(name)
    listed = {
        test: difference
        for test, difference in DIFFERENCES.get(name, {}).items()
        if difference.since <= django.VERSION[:2] < difference.before
    }
    sdist = sdists.unpack(name, version, work=work)
    print(f"{name} {version}, without django_logout", flush=True)
    without = run(LIBRARIES[name], sdist, others, installed=False)
    print(f"{name} {version}, with django_logout", flush=True)
    ours = run(LIBRARIES[name], sdist, others, installed=True)
    new = runner.find_new_failures(ours, without)
    # With options such as -k, the listed tests may not be among those that have run.
    wrong = runner.judge(new, {} if others else listed)
    if not without.passed:
        wrong.append("NO TEST PASSES: this shows nothing.")
    print("\n".join(wrong), flush=True)
    return f"{name:30} {version:7} {len(without.passed):8} {len(ours.passed):6} {len(new):10} {len(wrong):6}"


def run(library: Library, sdist: Path, others: list[str], *, installed: bool) -> runner.Outcomes:
    """Run the tests of a library in a copy of their own, which they may leave files in."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = sdist / library.folder
        shutil.copytree(
            source, folder / (source.name if library.folder else ""), dirs_exist_ok=True
        )
        if library.project:
            shutil.copytree(HERE / "projects" / library.project, folder, dirs_exist_ok=True)
        return runner.run_pytest(
            folder,
            # Their own options are about coverage, and how many processes there are.
            ["--override-ini=addopts=", *library.options, *others, *library.tests],
            installed=installed,
            settings=library.settings,
            search=[folder, *(folder / name for name in library.search)],
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
