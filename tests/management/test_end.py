"""``manage.py logout end`` ends the selected sessions, and asks before it ends those of many
users."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_logout.models import LoginSession, LogoutEvent
from tests.factories import make_rows
from tests.management.active_users import active_users
from tests.management.command import Terminal, answer, run

pytestmark = pytest.mark.django_db(transaction=True)


def logged_in(user: Any) -> Client:
    """Return a client in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client


def test_user_is_logged_out_on_every_engine(user: Any, other: Any, engine: str) -> None:
    """One user needs no confirmation, other users stay logged in, and the event names the user."""
    anns, bystander = logged_in(user), logged_in(other)

    said = run("end", "--user", "ann")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Ended: session: 1.\nEvent: ")
    assert anns.get("/").content == b"user="
    assert bystander.get("/").content == b"user=bob"
    event = LogoutEvent.objects.get()
    assert (event.scope, event.reason, event.user, event.actor) == ("user", "command", user, None)
    assert str(event.pk) in said.out


def test_one_session_ends_by_its_id(two_each: list[LoginSession]) -> None:
    """It is the public id that ``list`` and the sessions page show."""
    said = run("end", "--session", two_each[0].pk, "--reason", "ticket 4711")
    assert said.out.startswith("Ended: session: 1.")
    assert active_users() == ["ann", "bob", "bob"]
    assert LogoutEvent.objects.get().reason == "ticket 4711"


def test_sessions_of_several_users_need_confirmation(two_each: list[LoginSession]) -> None:
    """They need it even if each was named by its id."""
    ids = [part for row in two_each[1:3] for part in ("--session", row.pk)]
    assert run("end", *ids).error == "Nothing was ended. To end 2 sessions of 2 users, say --yes."
    assert len(active_users()) == 4
    assert run("end", *ids, "--yes").out.startswith("Ended: session: 2.")
    assert active_users() == ["ann", "bob"]


def test_several_users(two_each: list[LoginSession], db: None) -> None:
    """They are named, and one event records them."""
    third = get_user_model().objects.create_user("cid")
    make_rows(third, 1)
    run("end", "--user", "ann", "--user", "bob", "--user", "ann", "--yes")
    assert active_users() == ["cid"]
    assert LogoutEvent.objects.get().scope == "users"


def test_everyone_needs_confirmation(two_each: list[LoginSession]) -> None:
    """All sessions end in one write."""
    refused = run("end", "--everyone")
    assert (refused.code, len(active_users())) == (1, 4)
    said = run("end", "--everyone", "--yes", "--json").json
    assert said["ended"] == {"session": 4}
    assert active_users() == []
    assert LogoutEvent.objects.get().scope == "everyone"


def test_dry_run_only_counts(two_each: list[LoginSession]) -> None:
    """It asks no question, with and without JSON."""
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
    assert len(active_users()) == 4
    assert not LogoutEvent.objects.exists()


def test_json_reports_the_result(two_each: list[LoginSession]) -> None:
    """There is one object on stdout."""
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
def test_operator_at_a_terminal_is_asked(
    two_each: Any,
    typed: str,
    left: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The question says how many, and only ``yes`` confirms."""
    answer(monkeypatch, typed)
    said = run("end", "--idle-for", "0")
    assert "End 4 sessions of 2 users? Type 'yes' to continue: " in capsys.readouterr().out
    assert len(active_users()) == left
    assert said.error == ("Nothing was ended." if left else "")


def test_end_of_input_is_not_a_confirmation(two_each: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D closes the input."""
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert run("end", "--everyone").error == "Nothing was ended."
    assert len(active_users()) == 4


def test_no_question_is_asked_with_json(
    two_each: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The question would make the JSON invalid."""
    answer(monkeypatch, "yes")
    said = run("end", "--idle-for", "0", "--json")
    assert said.error.endswith("say --yes.")
    assert said.json == {"complete": False, "error": said.error}
    assert capsys.readouterr().out == ""
    assert len(active_users()) == 4


def test_named_users_count_without_sessions(user: Any, other: Any) -> None:
    """They may have sessions that the registry does not know."""
    assert run("end", "--user", "ann", "--user", "bob").error == (
        "Nothing was ended. To end 0 sessions of 2 users, say --yes."
    )
    assert run("end", "--user", "ann").out.startswith("Ended: nothing.\nEvent: ")


def test_failed_revoker_is_reported_after_the_sessions_have_ended(user: Any, settings: Any) -> None:
    """The exit code is 3, and the message names the next step."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}
    make_rows(user, 1)
    said = run("end", "--user", "ann", "--json")
    assert said.code == 3
    assert said.error == (
        "The sessions have ended, but this failed: broken. 'logout retry' tries again."
    )
    assert (said.json["complete"], said.json["failed"]) == (False, ["broken"])
    assert active_users() == []


def test_outage_is_reported_and_nothing_ends(user: Any, settings: Any) -> None:
    """The exit code is 1 (design law 3)."""
    from tests.backends import cache_from_url
    from tests.settings import ENGINES

    make_rows(user, 1)
    settings.SESSION_ENGINE = ENGINES["signed_cookies"]
    settings.CACHES = {"default": cache_from_url("redis://127.0.0.1:1")}
    said = run("end", "--user", "ann")
    assert (said.code, said.out) == (1, "")
    assert said.error == "The cache that holds the status of sessions does not answer."
    assert active_users() == ["ann"]
