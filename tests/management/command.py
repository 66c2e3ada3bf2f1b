"""``manage.py logout``, run in this process."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


@dataclass
class Said:
    """What the command wrote, and how it ended."""

    out: str
    err: str
    error: str = ""
    code: int = 0

    @property
    def json(self) -> Any:
        """The parsed output."""
        return json.loads(self.out)


class Terminal(StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def run(*arguments: Any, terminal: bool = False) -> Said:
    """Run the command as the shell does. Answers to its questions come from ``sys.stdin``."""
    out, err = StringIO(), Terminal() if terminal else StringIO()
    said = Said("", "")
    try:
        call_command("logout", *map(str, arguments), stdout=out, stderr=err, no_color=True)
    except CommandError as error:
        said.error, said.code = str(error), error.returncode
    said.out, said.err = out.getvalue(), err.getvalue()
    return said


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Provide a terminal on which the operator will type this."""
    monkeypatch.setattr("sys.stdin", Terminal(text + "\n"))


def explain(**options: Any) -> str:
    """Run the command, and return its output."""
    out = StringIO()
    call_command("logout", "explain", stdout=out, **{"user": "ann", **options})
    return out.getvalue()


class Urls:
    """A URLconf module."""

    def __init__(self, *urlpatterns: Any) -> None:
        self.urlpatterns = urlpatterns
