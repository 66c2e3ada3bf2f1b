"""How far long work has got: one line that overwrites itself on a terminal, else a line a tenth."""

from __future__ import annotations

from django.core.management.base import BaseCommand


class Progress:
    """Goes to the standard error stream, so that what a program reads from the other is whole."""

    def __init__(self, command: BaseCommand, verbosity: int, *, what: str) -> None:
        self.stream, self.verbosity, self.what = command.stderr, verbosity, what
        self.told = 0

    def __call__(self, done: int, total: int) -> None:
        """Say so, unless it is done at one go, or silence was asked for."""
        if self.verbosity < 1 or (not self.told and done >= total):
            return
        line = f"{done} of {total} {self.what}"
        if self.stream.isatty():
            self.stream.write(f"\r{line}", str, ending="\n" if done >= total else "")
            self.stream.flush()
        elif self.verbosity > 1 or done >= total or (done - self.told) * 10 >= total:
            self.stream.write(line, str)
        else:
            return
        self.told = done
