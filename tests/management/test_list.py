"""``manage.py logout list`` prints who is logged in, and no secrets."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from tests.factories import make_rows
from tests.management.command import run

pytestmark = pytest.mark.django_db(transaction=True)


def test_sessions_are_listed_in_columns(user: Any, other: Any) -> None:
    """The newest is first."""
    make_rows(user, 1, ip_address="192.0.2.0", device="Firefox on Windows")
    make_rows(other, 1)
    second, first = LoginSession.objects.order_by("-created_at")

    head, *lines = run("list").out.splitlines()

    assert head.split() == [
        "id",
        "state",
        "last",
        "seen",
        "expires",
        "ip",
        "address",
        "kind",
        "user",
        "device",
    ]
    assert [line.split()[0] for line in lines] == [str(second.pk), str(first.pk)]
    assert lines[0].split()[1:] == [
        "active",
        *f"{second.last_seen_at:%Y-%m-%dT%H:%M} {second.expires_at:%Y-%m-%dT%H:%M}".split(),
        "session",
        "bob",
    ]
    assert lines[1].endswith("192.0.2.0        session    ann              Firefox on Windows")


def test_json_has_all_facts(user: Any) -> None:
    """The names are those of the sessions page and of events."""
    make_rows(user, 1, ip_address="192.0.2.0", device="curl")
    row = LoginSession.objects.get()
    assert run("list", "--json").json == {
        "sessions": [
            {
                "id": str(row.pk),
                "user": "ann",
                "state": "active",
                "reason": None,
                "created_at": row.created_at.isoformat(),
                "last_seen_at": row.last_seen_at.isoformat(),
                "expires_at": row.expires_at.isoformat(),
                "ended_at": None,
                "ip_address": "192.0.2.0",
                "device": "curl",
                "kind": "session",
            }
        ]
    }


def test_empty_list(db: None) -> None:
    """It is valid JSON too."""
    assert run("list", "--json").json == {"sessions": []}
    assert len(run("list").out.splitlines()) == 1


def test_sessions_of_one_user(user: Any, other: Any) -> None:
    """An unknown name is an error."""
    make_rows(user, 2)
    make_rows(other, 1)
    assert [row["user"] for row in run("list", "--user", "bob", "--json").json["sessions"]] == [
        "bob"
    ]
    assert len(run("list", "--json").json["sessions"]) == 3
    assert run("list", "--user", "eve").error == "No user has the username 'eve'."


def test_names_need_not_be_text(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user model may identify users by phone numbers or ids, or not at all."""
    make_rows(user, 1)
    for name, told in ((UUID(int=7), str(UUID(int=7))), (None, "")):
        monkeypatch.setattr(type(user), "get_username", lambda self, name=name: name)
        (row,) = run("list", "--json").json["sessions"]
        assert row["user"] == told


def test_control_characters_in_names_are_replaced(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user could forge lines of the list with them, or control the terminal."""
    monkeypatch.setattr(type(user), "get_username", lambda self: "ann\n\x1b[31m")
    make_rows(user, 1)
    _, line = run("list").out.splitlines()
    assert line.endswith(" ann??[31m")


def test_ended_and_expired_sessions_are_listed_with_all(user: Any) -> None:
    """They were ended, with a reason; or expired; or were cut off with everyone's."""
    past = timezone.now() - timedelta(days=1)
    make_rows(user, 1)
    end_sessions(Target.user(user), reason=Reason.LIMIT)
    make_rows(user, 1, ended_at=past)
    make_rows(user, 1, expires_at=past)
    make_rows(user, 1, created_at=past)
    end_sessions(Target.everyone())
    make_rows(user, 1)

    rows = run("list", "--all", "--json").json["sessions"]

    assert {(row["state"], row["reason"]) for row in rows} == {
        ("ended", "limit"),
        ("ended", "unknown"),
        ("ended", "cutoff"),
        ("active", None),
    }
    assert [row["state"] for row in run("list", "--json").json["sessions"]] == ["active"]
    end_sessions(Target.everyone(), reason="incident-4711")
    rows = run("list", "--all", "--json").json["sessions"]
    assert ("ended", "incident-4711") in {(row["state"], row["reason"]) for row in rows}


def test_expired_session_has_not_ended(user: Any) -> None:
    """No ending has been recorded, and the session is not active."""
    make_rows(user, 1, expires_at=timezone.now() - timedelta(hours=1))
    (row,) = run("list", "--all", "--json").json["sessions"]
    assert (row["state"], row["reason"], row["ended_at"]) == ("expired", None, None)
    assert run("list", "--json").json["sessions"] == []


def test_never_a_session_key(user: Any, engine: str) -> None:
    """The value of a cookie is not printed either (design law 6)."""
    client = Client()
    client.force_login(user)
    client.get("/")
    cookie = client.cookies["sessionid"].value
    keys = [row.session_key for row in Session.objects.all()]
    for options in [[], ["--json"], ["--all"], ["--all", "--json"]]:
        said = run("list", *options).out
        assert str(LoginSession.objects.get().pk) in said
        assert not any(secret in said for secret in [cookie, *keys]), options


def test_list_needs_one_query(user: Any, other: Any, django_assert_num_queries: Any) -> None:
    """Users and events are joined."""
    make_rows(user, 30)
    make_rows(other, 30)
    with django_assert_num_queries(1):
        run("list", "--all")


def test_reason_and_end_are_columns_with_all(user: Any) -> None:
    """An operator sees when and why a session ended, also by a cutoff, without JSON."""
    make_rows(user, 1)
    end_sessions(Target.user(user), reason=Reason.LIMIT)
    make_rows(user, 1)
    end_sessions(Target.everyone(), reason="incident-4711")
    heads, *lines = run("list", "--all").out.splitlines()
    today = str(timezone.now())[:10]
    assert heads.split()[-3:] == ["ended", "reason", "device"]
    found = {line.split()[-1]: line for line in lines}
    assert found.keys() == {"limit", "incident-4711"}
    assert all(line[heads.index("ended") :].startswith(today) for line in lines)
    assert "reason" not in run("list").out
