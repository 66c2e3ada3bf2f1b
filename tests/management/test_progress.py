"""Progress of long work on stderr."""

from typing import Any

import pytest

from django_logout.ending import selection
from tests.factories import make_crowd
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


def test_progress_is_a_line_for_each_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes to stderr, for each batch with ``-v 2``, and not at all with ``-v 0``."""
    monkeypatch.setattr(selection, "BATCH", 1)

    def told(*options: Any) -> list[str]:
        crowd = make_crowd(25)
        names = [part for each in crowd for part in ("--user", each.get_username())]
        return run("end", *names, "--yes", *options).err.splitlines()

    assert told() == [f"{done} of 25 users" for done in [*range(3, 25, 3), 25]]
    assert len(told("-v", "2")) == 25
    assert told("-v", "0") == []


def test_progress_overwrites_itself_on_a_terminal(
    two_each: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line ends when all is done."""
    monkeypatch.setattr(selection, "BATCH", 2)
    said = run("end", "--idle-for", "0", "--yes", terminal=True)
    assert said.err == "\r2 of 4 sessions\r4 of 4 sessions\n"


def test_single_batch_has_no_progress(two_each: Any) -> None:
    """There is nothing to wait for."""
    assert run("end", "--idle-for", "0", "--yes", terminal=True).err == ""
