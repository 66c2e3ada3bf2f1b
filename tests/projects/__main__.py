"""Run the projects, each in a pytest process of its own: ``python -m tests.projects [--alone] …``.

What follows is for pytest. With ``--alone GROUP`` those run that need that group, else those that need
none. With ``--coverage`` they measure it.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.projects.headers import read_headers


def run_project(name: str, program: list[str], arguments: list[str]) -> int:
    """Run one, print what it says, and return its exit code."""
    command = [
        *program,
        *arguments,
        f"--ds=tests.projects.{name}.settings",
        f"tests/projects/{name}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sys.stdout.write(f"\n{name}\n{done.stdout}{done.stderr}")
    sys.stdout.flush()
    return done.returncode


def main(arguments: list[str]) -> int:
    """Run them side by side, as many as there are processors."""
    group = ""
    if arguments[:1] == ["--alone"]:
        group, arguments = arguments[1], arguments[2:]
    program = [sys.executable, "-m", "pytest"]
    if arguments[:1] == ["--coverage"]:
        program, arguments = (
            [sys.executable, "-m", "coverage", "run", "-m", "pytest"],
            arguments[1:],
        )
    names = [each.name for each in read_headers() if each.fields.get("Alone", "") == group]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda name: run_project(name, program, arguments), names))
    failed = [name for name, code in zip(names, codes, strict=True) if code]
    if failed:
        sys.stdout.write(f"FAILED: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
