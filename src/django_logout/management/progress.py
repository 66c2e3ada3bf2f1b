"""Progress of long work: a line that overwrites itself on a terminal, else a line for each tenth."""

from django.core.management.base import BaseCommand


class Progress:
    """Write progress to stderr, so that a program can read stdout."""

    def __init__(self, command: BaseCommand, verbosity: int, *, what: str) -> None:
        self.stream, self.verbosity, self.what = command.stderr, verbosity, what
        self.last = 0

    def __call__(self, done: int, total: int) -> None:
        """Write how much is done, unless all of it is a single batch, or ``-v 0`` was given."""
        if self.verbosity < 1 or (not self.last and done >= total):
            return
        line = f"{done} of {total} {self.what}"
        if self.stream.isatty():
            self.stream.write(f"\r{line}", str, ending="\n" if done >= total else "")
            self.stream.flush()
        elif self.verbosity > 1 or done >= total or (done - self.last) * 10 >= total:
            self.stream.write(line, str)
        else:
            return
        self.last = done
