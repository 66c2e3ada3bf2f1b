"""The record: who, why, how far, how each part went; and never a secret."""

import logging
from typing import Any

import pytest
from django.test import Client

from django_logout import SessionNotEnded, Target, end_sessions
from django_logout.models import LogoutEvent
from tests.clients import LOGOUT, logged_in_as
from tests.databases.router import lag
from tests.outages import use_status_cache

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_an_event_says(ann: Client, user: Any, other: Any) -> None:
    """Facts, and the names as they were then."""
    event = end_sessions(Target.user(user), reason="admin", actor=other).event

    assert event is not None
    event.refresh_from_db()
    assert (event.user, event.user_label) == (user, "ann")
    assert (event.actor, event.actor_label) == (other, "bob")
    assert (event.reason, event.scope, event.sessions, event.complete) == ("admin", "user", 1, True)
    assert event.outcomes["session"] == {"ended": 1, "error": ""}
    assert str(event) == "ann: Ended by an administrator"


def test_it_outlives_the_account(ann: Client, user: Any) -> None:
    """The name stays."""
    ann.post(LOGOUT)
    user.delete()

    event = LogoutEvent.objects.get(reason="user")
    assert (event.user, event.user_label) == (None, "ann")


def test_event_of_two_users_names_no_user(ann: Client, user: Any, other: Any) -> None:
    """It is about both."""
    Client().force_login(other)

    event = end_sessions(Target.users(type(user).objects.all())).event

    assert event is not None
    assert (event.user, event.user_label, event.sessions) == (None, "", 2)
    assert str(event) == "All sessions of several users: Ended"


def test_event_of_one_session_names_its_user(ann: Client, user: Any) -> None:
    """Asked for without a request, the user is looked up."""
    session = user.login_sessions.get()

    event = end_sessions(Target.session(session.pk)).event

    assert event is not None
    assert event.user == user


@pytest.mark.parametrize("fault", [None, ValueError])
def test_user_without_a_printable_name_is_logged_out(
    ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    """A user model whose ``__str__`` gives a field that is null, say: the key is put down."""

    def broken(self: Any) -> Any:
        if fault is not None:
            raise fault
        return None

    monkeypatch.setattr(type(user), "__str__", broken)
    ann.post(LOGOUT)

    assert logged_in_as(ann) == ""
    event = LogoutEvent.objects.get()
    assert (event.user_label, event.actor_label) == (str(user.pk), str(user.pk))


def test_who_the_user_is_no_replica_is_asked(ann: Client, user: Any, settings: Any) -> None:
    """It may not know them yet."""
    session = user.login_sessions.get()
    lag(settings, user)

    event = end_sessions(Target.session(session.pk)).event

    assert event is not None
    assert (event.user_id, event.user_label) == (user.pk, "ann")


def test_one_line_in_the_log_with_facts_to_filter_by(
    ann: Client, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Ids and reasons as extras, no key anywhere."""
    caplog.set_level(logging.INFO, "django_logout")
    key = ann.cookies["sessionid"].value

    ann.post(LOGOUT)

    (record,) = [each for each in caplog.records if each.name == "django_logout"]
    facts = vars(record)
    assert (facts["user"], facts["reason"], facts["scope"]) == (str(user.pk), "user", "current")
    assert facts["sessions"] == [str(user.login_sessions.get().pk)]
    assert (facts["complete"], facts["actor"]) == (True, "ann")
    assert key not in repr(facts)


def test_no_secret_is_in_the_record_of_a_failure(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A revoker's message may hold a token: record and log have its class, and where it failed."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}

    ann.post(LOGOUT)

    event = LogoutEvent.objects.get()
    assert event.outcomes["broken"] == {"ended": 0, "error": "RuntimeError"}
    assert "s3cr3t" not in repr(event.outcomes)
    (line,) = [record for record in caplog.records if "failed with" in record.msg]
    assert "Revoker 'broken' failed with RuntimeError; the sessions have ended" in caplog.text
    assert "failing_revokers.py" in caplog.text
    assert "s3cr3t" not in caplog.text
    assert line.exc_info is None


def test_no_secret_is_in_the_log_of_the_sessions_page(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The page of sessions shows what the other revokers know."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Broken"]}

    assert ann.get("/accounts/sessions/").status_code == 200

    (line,) = [record for record in caplog.records if "failed with" in record.msg]
    assert line.exc_info is None
    assert "s3cr3t" not in caplog.text


def test_what_the_cache_could_not_be_told_is_not_logged_as_done(
    ann: Client, user: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row has ended, and a reader may believe for a while what it saw before."""
    use_status_cache(monkeypatch)
    monkeypatch.setattr(
        "django_logout.ending.after_commit.status_cache.mark_ended", lambda *ids, **more: False
    )

    with caplog.at_level(logging.INFO, "django_logout"), pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))

    (record,) = [record for record in caplog.records if hasattr(record, "event")]
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("Not logged out everywhere yet: 1 session(s)")
