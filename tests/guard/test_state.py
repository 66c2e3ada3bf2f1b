"""What a session's state takes over from an earlier object of the same session."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from django_logout.guard.state import SessionState
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus


def identity(user_id: str = "1") -> Identity:
    """Return the identity of a new login."""
    return Identity(uuid4(), user_id, registered=True)


def test_reading_and_writing_needs_no_attention() -> None:
    """A held login is no event, so the middleware does nothing after the view."""
    state = SessionState("key")
    state.hold(identity(), "hash")
    assert not state.needs_attention


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logged_out", True),
        ("login", (uuid4(), "ann")),
        ("ended", {uuid4()}),
        ("key_unknown", True),
    ],
)
def test_events_need_attention(name: str, value: Any) -> None:
    """The session has to be finalized after the view."""
    state = SessionState("key")
    setattr(state, name, value)
    assert state.needs_attention


def test_reopened_session_inherits_all_that_was_seen() -> None:
    """An ending before the session was opened anew is not forgotten, nor are the logins."""
    earlier, later = SessionState("old", request=SimpleNamespace()), SessionState("new")
    before, after = identity(), identity("2")
    earlier.hold(before, "hash")
    earlier.leave({before.id})
    later.hold(after, "hash")

    later.inherit(earlier)

    assert later.identity == after
    assert later.logins_seen.keys() == {before.id, after.id}
    assert later.ended == later.confirmed == {before.id}
    assert (later.leaving, later.request) == (True, earlier.request)


def test_known_login_keeps_its_own_key() -> None:
    """Without a login, the key of the earlier object leads to the ended session."""
    earlier = SessionState("old")
    known, unknown = SessionState("new"), SessionState("new")
    known.hold(identity(), "hash")

    for state in (known, unknown):
        state.inherit(earlier)

    assert (known.key, unknown.key) == ("new", "old")


def test_account_change_without_sessions_leaves_the_browser_alone() -> None:
    """The browser has none of the user's sessions."""
    state = SessionState("key")
    state.leave(set())
    assert not state.leaving
    assert not state.needs_attention


def test_logins_of_a_user_are_those_held_and_the_one_refused() -> None:
    """Of other users, there are none among them."""
    state = SessionState("key")
    held, refused = identity(), identity()
    state.hold(held, "hash")
    state.hold(identity("2"), "hash")
    state.refused = refused, SessionStatus(False)
    assert state.logins_of("1") == {held.id, refused.id}
    assert state.logins_of("3") == set()
