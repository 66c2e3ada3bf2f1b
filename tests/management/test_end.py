"""``manage.py logout end``: it ends what was asked for, no more, and asks before it hits many."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_logout.ending import selection
from django_logout.models import LoginSession, LogoutEvent
from tests.crowds import make_crowd, make_rows
from tests.management.alive import alive
from tests.management.command import Terminal, answer, run

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(user: Any) -> Client:
    """A browser of a user's."""
    client = Client()
    client.force_login(user)
    return client


def test_a_user_is_out_on_every_engine(user: Any, other: Any, engine: str) -> None:
    """One user needs no confirmation; the others stay, and the record says who it was."""
    theirs, bystander = signed_in(user), signed_in(other)

    said = run("end", "--user", "ann")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Ended: 1 session.\nEvent: ")
    assert theirs.get("/").content == b"user="
    assert bystander.get("/").content == b"user=bob"
    event = LogoutEvent.objects.get()
    assert (event.scope, event.reason, event.user, event.actor) == ("user", "command", user, None)
    assert str(event.pk) in said.out


def test_one_session_ends_by_its_id(two_each: list[LoginSession]) -> None:
    """The public one, of ``list`` and of the sessions page."""
    said = run("end", "--session", two_each[0].pk, "--reason", "ticket 4711")
    assert said.out.startswith("Ended: 1 session.")
    assert alive() == ["ann", "bob", "bob"]
    assert LogoutEvent.objects.get().reason == "ticket 4711"


def test_several_sessions_of_several_users_are_asked_about(two_each: list[LoginSession]) -> None:
    """Also when each was named by its id."""
    ids = [part for row in two_each[1:3] for part in ("--session", row.pk)]
    assert run("end", *ids).error == "Nothing was ended. To end 2 sessions of 2 users, say --yes."
    assert len(alive()) == 4
    assert run("end", *ids, "--yes").out.startswith("Ended: 2 session.")
    assert alive() == ["ann", "bob"]


def test_several_users(two_each: list[LoginSession], db: None) -> None:
    """By name, with one event."""
    third = get_user_model().objects.create_user("cid")
    make_rows(third, 1)
    run("end", "--user", "ann", "--user", "bob", "--user", "ann", "--yes")
    assert alive() == ["cid"]
    assert LogoutEvent.objects.get().scope == "users"


def test_everyone(two_each: list[LoginSession]) -> None:
    """In one write, and never without being asked."""
    refused = run("end", "--everyone")
    assert (refused.code, len(alive())) == (1, 4)
    said = run("end", "--everyone", "--yes", "--json").json
    assert said["ended"] == {"session": 4}
    assert alive() == []
    assert LogoutEvent.objects.get().scope == "everyone"


def test_a_dry_run_only_counts(two_each: list[LoginSession]) -> None:
    """For people, and for programs; without asking."""
    assert run("end", "--everyone", "--dry-run").out == "Would end 4 sessions of 2 users.\n"
    assert run("end", "--user", "ann", "--dry-run").out == "Would end 2 sessions of 1 user.\n"
    said = run("end", "--from-ip", "198.51.100.0/24", "--dry-run", "--json").json
    assert said == {
        "dry_run": True,
        "found": {"sessions": 1, "users": 1},
        "ended": {},
        "failed": [],
        "complete": False,
        "reason": "command",
        "event": None,
    }
    assert len(alive()) == 4
    assert not LogoutEvent.objects.exists()


def test_json_says_what_was_done(two_each: list[LoginSession]) -> None:
    """One object on the standard output."""
    said = run("end", "--user", "bob", "--json", "--reason", "admin").json
    assert said == {
        "dry_run": False,
        "found": {"sessions": 2, "users": 1},
        "ended": {"session": 2},
        "failed": [],
        "complete": True,
        "reason": "admin",
        "event": str(LogoutEvent.objects.get().pk),
    }


@pytest.mark.parametrize(("typed", "left"), [("yes", 0), ("YES ", 0), ("y", 4), ("", 4), ("no", 4)])
def test_somebody_at_a_terminal_is_asked(
    two_each: Any,
    typed: str,
    left: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Told how many, and only ``yes`` is a yes."""
    answer(monkeypatch, typed)
    said = run("end", "--idle-for", "0")
    assert "End 4 sessions of 2 users? Type 'yes' to continue: " in capsys.readouterr().out
    assert len(alive()) == left
    assert said.error == ("Nothing was ended." if left else "")


def test_whoever_closes_the_terminal_has_not_said_yes(
    two_each: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-D."""
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert run("end", "--everyone").error == "Nothing was ended."
    assert len(alive()) == 4


def test_a_program_is_not_asked(
    two_each: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A question would spoil its JSON."""
    answer(monkeypatch, "yes")
    said = run("end", "--idle-for", "0", "--json")
    assert said.error.endswith("say --yes.")
    assert said.json == {"complete": False, "error": said.error}
    assert capsys.readouterr().out == ""
    assert len(alive()) == 4


def test_users_that_are_named_count_without_sessions_too(user: Any, other: Any) -> None:
    """Sessions of theirs that nobody has seen end."""
    assert run("end", "--user", "ann", "--user", "bob").error == (
        "Nothing was ended. To end 0 sessions of 2 users, say --yes."
    )
    assert run("end", "--user", "ann").out.startswith("Ended: nothing.\nEvent: ")


def test_the_sessions_are_out_though_something_else_has_failed(user: Any, settings: Any) -> None:
    """Which is exit code 3, and says what to do."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.Broken"]}
    make_rows(user, 1)
    said = run("end", "--user", "ann", "--json")
    assert said.code == 3
    assert said.error == (
        "The sessions have ended, but this failed: broken. 'logout retry' tries again."
    )
    assert (said.json["complete"], said.json["failed"]) == (False, ["broken"])
    assert alive() == []


def test_an_outage_is_told_and_nothing_is_claimed(user: Any, settings: Any) -> None:
    """Exit code 1 (design law 3)."""
    from tests.backends import cache_from_url
    from tests.settings import ENGINES

    make_rows(user, 1)
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    settings.CACHES = {"default": cache_from_url("redis://127.0.0.1:1")}
    said = run("end", "--user", "ann")
    assert (said.code, said.out) == (1, "")
    assert said.error == "The cache that holds the status of sessions does not answer."
    assert alive() == ["ann"]


def test_progress_is_a_line_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the standard error; in full with -v 2; not with -v 0."""
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
    """One line, that ends when all is done."""
    monkeypatch.setattr(selection, "BATCH", 2)
    said = run("end", "--idle-for", "0", "--yes", terminal=True)
    assert said.err == "\r2 of 4 sessions\r4 of 4 sessions\n"


def test_what_is_done_at_one_go_has_no_progress(two_each: Any) -> None:
    """Nothing to look at."""
    assert run("end", "--idle-for", "0", "--yes", terminal=True).err == ""
