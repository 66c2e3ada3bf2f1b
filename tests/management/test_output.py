"""``manage.py logout … --json`` writes one object to stdout, even if it fails."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from django_logout.exceptions import SessionNotEnded
from django_logout.operations import cleanup
from tests.factories import make_rows
from tests.management.active_users import active_users
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("verb", ["end", "list", "explain"])
def test_refusal_is_an_object(user: Any, verb: str) -> None:
    """It has the message that is written to stderr."""
    said = run(verb, "--user", "nobody", "--json")
    assert (said.code, said.error) == (2, "No user has the username 'nobody'.")
    assert said.json == {"complete": False, "error": said.error}


def test_failed_ending_is_an_object(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that the ending is not complete (design law 3)."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError

    make_rows(user, 1)
    monkeypatch.setattr("django_logout.sessions.registry.end_rows", fail)
    said = run("end", "--user", "ann", "--json")
    assert said.code == 1
    assert said.error == "The sessions could not be ended; nothing was changed."
    assert said.json == {"complete": False, "error": said.error}
    assert active_users() == ["ann"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_failed_prune_is_reported(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    """``prune`` ends sessions too."""

    def fail(**kwargs: Any) -> None:
        raise SessionNotEnded("Not now.")

    monkeypatch.setattr(cleanup, "prune_records", fail)
    said = run("prune", *options)
    assert (said.code, said.error) == (1, "Not now.")
    assert said.out == (
        json.dumps({"complete": False, "error": "Not now."}, indent=2) + "\n" if options else ""
    )


def test_database_error_is_reported_by_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message can contain a secret. It is shown with the traceback only."""

    def fail(**kwargs: Any) -> None:
        raise OperationalError("no connection for ann:secret@db")

    monkeypatch.setattr(cleanup, "prune_records", fail)
    out = StringIO()
    with pytest.raises(OperationalError):
        call_command("logout", "prune", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {"complete": False, "error": "OperationalError"}
