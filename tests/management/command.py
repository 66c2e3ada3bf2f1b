"""Runs ``manage.py logout`` in this process."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


@dataclass
class Said:
    """What came of it."""

    out: str
    err: str
    error: str = ""
    code: int = 0

    @property
    def json(self) -> Any:
        """What a program reads."""
        return json.loads(self.out)


class Terminal(StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


def run(*arguments: Any, terminal: bool = False) -> Said:
    """Run it as the shell does, with ``yes`` or other answers coming from ``sys.stdin``."""
    out, err = StringIO(), Terminal() if terminal else StringIO()
    said = Said("", "")
    try:
        call_command("logout", *map(str, arguments), stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        said.error, said.code = str(error), error.returncode
    said.out, said.err = out.getvalue(), err.getvalue()
    return said


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Somebody sits at a terminal, and will type this."""
    monkeypatch.setattr("sys.stdin", Terminal(text + "\n"))
