"""What the first lines of a project's settings say of the app that it is named after.

A project says ``App``, ``Packages``, what was wrong ``Before``, a ``Verdict``, perhaps what to ``Write``, and what
is ``Not reached``; or that it is a ``Part of`` another. ``Alone`` names its dependency group, where the app cannot be
installed beside the others.
"""

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LABELS = (
    "App",
    "Part of",
    "Packages",
    "Alone",
    "Before",
    "Verdict",
    "Write",
    "Not reached",
    "What matters",
)
_FIELD = re.compile(rf"^({'|'.join(LABELS)}):(.*?)(?=^(?:{'|'.join(LABELS)}):|^$|\Z)", re.M | re.S)


@dataclass(frozen=True)
class Header:
    """One project."""

    name: str
    summary: str
    fields: dict[str, str]

    @property
    def part_of(self) -> str:
        """Return the project whose section speaks for this one, or nothing."""
        return self.fields.get("Part of", "")

    @property
    def packages(self) -> list[str]:
        """Return the distributions that it tries."""
        return [name.strip() for name in self.fields.get("Packages", "").split(",") if name.strip()]


def read_header(settings: Path) -> Header:
    """Read the docstring of a project's settings.

    Raises:
        ValueError: A field is missing.
    """
    text = ast.get_docstring(ast.parse(settings.read_text()), clean=False) or ""
    fields = {label: _unwrap(label, value) for label, value in _FIELD.findall(text)}
    name = settings.parent.name
    needed = {"Part of"} if "Part of" in fields else {"App", "Before", "Verdict", "Not reached"}
    if missing := needed - fields.keys():
        raise ValueError(f"The settings of {name} do not say: {', '.join(sorted(missing))}.")
    return Header(name, text.partition("\n\n")[0].replace("\n", " "), fields)


def read_headers() -> list[Header]:
    """Read all of them, in the order of the apps' names."""
    found = [read_header(path) for path in HERE.glob("*/settings.py")]
    return sorted(found, key=lambda header: (header.fields.get("App", "").lower(), header.name))


def _unwrap(label: str, value: str) -> str:
    if label == "Write":
        return textwrap.dedent(value.strip("\n"))
    return " ".join(value.split())
