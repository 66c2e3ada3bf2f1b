"""The sessions themselves: the rows of the engine's table go with them."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from django_logout import Target, end_sessions
from tests.revokers.kinds import Recorder
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["db", "cached_db"])
def test_rows_are_deleted_with_the_ending(user: Any, other: Any, settings: Any, name: str) -> None:
    """Of whom it reaches, and of nobody else."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{name}"
    for account in (user, user, other):
        client = Client()
        client.force_login(account)

    end_sessions(Target.user(user))

    assert [row.session_key for row in Session.objects.all()] == [client.session.session_key]


def test_revokers_are_told_what_has_ended(ann: Client, user: Any, settings: Any) -> None:
    """Which sessions, whose, why; and no key in what may be logged."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.kinds.Recorder"]}
    Recorder.seen.clear()

    result = end_sessions(Target.user(user), reason="admin")

    (ending,) = Recorder.seen
    assert [session.user_id for session in ending.sessions] == [user.pk]
    assert (ending.reason, ending.request) == ("admin", None)
    has_keys = ENGINES["signed_cookies"] != settings.SESSION_ENGINE
    assert bool(ending.keys) == has_keys
    assert not [key for key in ending.keys if key in repr(ending)]
    assert dict(result.ended) == {"session": 1, "recorder": 2}
