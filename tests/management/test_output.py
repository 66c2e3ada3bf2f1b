"""``manage.py logout … --json``: one object on the standard output, also when it goes wrong."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from django_logout.exceptions import SessionNotEnded
from django_logout.operations import cleanup
from tests.crowds import make_rows
from tests.management.alive import alive
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("verb", ["end", "list", "explain"])
def test_what_is_refused_is_an_object_too(user: Any, verb: str) -> None:
    """With the sentence that people read on the standard error."""
    said = run(verb, "--user", "nobody", "--json")
    assert (said.code, said.error) == (1, "No user has the username 'nobody'.")
    assert said.json == {"complete": False, "error": said.error}


def test_an_ending_that_fails_is_an_object_too(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is not complete, and claims nothing (design law 3)."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError

    make_rows(user, 1)
    monkeypatch.setattr("django_logout.ending.pipeline.registry.end_rows", fail)
    said = run("end", "--user", "ann", "--json")
    assert said.code == 1
    assert said.error == "The sessions could not be ended; nothing was changed."
    assert said.json == {"complete": False, "error": said.error}
    assert alive() == ["ann"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_job_that_fails_tells_it(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    """Pruning ends sessions too."""

    def fail(**kwargs: Any) -> None:
        raise SessionNotEnded("Not now.")

    monkeypatch.setattr(cleanup, "prune_records", fail)
    said = run("prune", *options)
    assert (said.code, said.error) == (1, "Not now.")
    assert said.out == (
        json.dumps({"complete": False, "error": "Not now."}, indent=2) + "\n" if options else ""
    )


def test_a_database_that_is_down_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says itself may hold a secret, and is for whoever sees the traceback."""

    def fail(**kwargs: Any) -> None:
        raise OperationalError("no connection for ann:secret@db")

    monkeypatch.setattr(cleanup, "prune_records", fail)
    out = StringIO()
    with pytest.raises(OperationalError):
        call_command("logout", "prune", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"complete": False, "error": "OperationalError"}
