"""Rows of the session engine's table are deleted with the sessions."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from django_logout import Target, end_sessions
from tests.revokers.failing_revokers import Recorder
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["db", "cached_db"])
def test_only_rows_of_ended_sessions_are_deleted(
    user: Any, other: Any, settings: Any, name: str
) -> None:
    """Other users' rows stay."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{name}"
    for account in (user, user, other):
        client = Client()
        client.force_login(account)

    end_sessions(Target.user(user))

    assert [row.session_key for row in Session.objects.all()] == [client.session.session_key]


def test_revokers_get_the_ended_sessions(ann: Client, user: Any, settings: Any) -> None:
    """The representation of the ending, which may be logged, has no session key."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Recorder"]}
    Recorder.seen.clear()

    result = end_sessions(Target.user(user), reason="admin")

    (ending,) = Recorder.seen
    assert [session.user_id for session in ending.sessions] == [user.pk]
    assert (ending.reason, ending.request) == ("admin", None)
    has_keys = ENGINES["signed_cookies"] != settings.SESSION_ENGINE
    assert bool(ending.keys) == has_keys
    assert not [key for key in ending.keys if key in repr(ending)]
    assert dict(result.ended) == {"session": 1, "recorder": 2}
