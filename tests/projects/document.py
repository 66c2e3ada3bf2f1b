"""Write docs/integrations.md and docs/compatibility.md: ``python -m tests.projects.document``.

The first comes from the headers of the projects, the second from uv.lock for the environments of
tox.ini, in which `make matrix` runs the projects.
"""

import configparser
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.markers import Marker

from tests.projects.headers import Header, read_headers

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
INTEGRATIONS = """# Other apps

Each section is about a small site in `tests/projects`, on which users log in and out as the app has it. There a copied cookie or
token is refused after the logout, after "log out everywhere" on the page of the user's [sessions](sessions.md), and after
`end_sessions()`, except for what is "not reached". [Compatibility](compatibility.md) has the versions for each Python and Django.

This page is generated from the first lines of each site's settings.
"""
COMPATIBILITY = """# Compatibility

The versions that `make matrix` runs, from `uv.lock`. Each [app](integrations.md) is tried on a site of its own in
`tests/projects`.

"""


@dataclass(frozen=True)
class Environment:
    """A pair of Python and Django."""

    python: str
    django: str

    @property
    def title(self) -> str:
        """Return the head of its column."""
        return f"Python {self.python}, Django {self.django[0]}.{self.django[1]}"


def read_environments() -> list[Environment]:
    """Return those of tox.ini, the oldest first."""
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini")
    pairs = re.findall(r"^py3(\d+)-django(\d+)$", tox["tox"]["env_list"], re.MULTILINE)
    return [Environment(f"3.{python}", django) for python, django in pairs]


@cache
def read_lock() -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Return the locked versions of each package, and the dependency groups."""
    found: dict[str, list[dict[str, Any]]] = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        found.setdefault(package["name"], []).append(package)
    return found, found["django-logout"][0]["dev-dependencies"]


def find_version(name: str, environment: Environment, group: str) -> str:
    """Return the version of a package that an environment has, where the group is installed.

    Raises:
        LookupError: The lock does not say one version.
    """
    packages, groups = read_lock()
    which = {"python_full_version": f"{environment.python}.0", "implementation_name": "cpython"}
    found = [
        package["version"]
        for package in packages.get(name, [])
        if any(
            Marker(marker).evaluate({**which, "platform_python_implementation": "CPython"})
            for marker in package.get("resolution-markers", ["python_version > '3'"])
        )
    ]
    named = [entry.get("version") for entry in groups[group] if entry["name"] == name]
    if len(found) > 1:
        found = [version for version in found if version in named]
    if len(found) != 1:
        raise LookupError(f"uv.lock has {found or 'nothing'} for {name} and {environment.title}.")
    return found[0]


def render_integrations() -> str:
    """Return the page about the apps."""
    headers = [header for header in read_headers() if not header.part_of]
    return "\n".join([INTEGRATIONS, *map(render_section, headers)])


def render_section(header: Header) -> str:
    """Return the section about an app."""
    newest = read_environments()[-1]
    group = header.fields.get("Alone", "projects")
    tried = [f"{name} {find_version(name, newest, group)}" for name in header.packages]
    said = {label: value.replace("``", "`") for label, value in header.fields.items()}
    lines = [f"## {said['App']}", ""]
    if tried:
        lines += [f"Tried with {', '.join(tried)}.", ""]
    lines += [said["Verdict"][:1].upper() + said["Verdict"][1:], ""]
    if "Write" in said:
        lines += ["```python", said["Write"], "```", ""]
    return "\n".join(
        [*lines, f"* Before: {said['Before']}", f"* Not reached: {said['Not reached']}", ""]
    )


def render_compatibility() -> str:
    """Return the page with the table."""
    environments = read_environments()
    rows = [
        ["", *(environment.title for environment in environments)],
        ["-"] * (len(environments) + 1),
    ]
    rows.append(
        ["Django", *(find_version("django", each, f"django{each.django}") for each in environments)]
    )
    packages = {
        name: header.fields.get("Alone", "projects")
        for header in read_headers()
        for name in header.packages
    }
    for name, group in sorted(packages.items()):
        rows.append([name, *(find_version(name, each, group) for each in environments)])
    return COMPATIBILITY + "".join(f"| {' | '.join(row)} |\n" for row in rows)


PAGES = {"integrations.md": render_integrations, "compatibility.md": render_compatibility}

if __name__ == "__main__":
    for name, render in PAGES.items():
        (DOCS / name).write_text(render())
