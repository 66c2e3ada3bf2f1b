"""Sessions that are registered while an ending is under way."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_logout import SessionNotEnded, Target, end_sessions
from django_logout.ending import stragglers
from django_logout.models import LoginSession, LogoutEvent
from django_logout.policies import session_limits
from django_logout.signals import session_ended
from tests.clients import OTHERS, active_client, home_page, logged_in_as
from tests.ending.failing_database import failing
from tests.revokers.failing_revokers import Saboteur

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def claimed(settings: Any) -> Iterator[Callable[[Any], None]]:
    """Does something when the sessions have been claimed, and nothing is committed yet."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.failing_revokers.Saboteur"]}

    def when(act: Any) -> None:
        Saboteur.act = staticmethod(act)

    yield when
    Saboteur.act = None


def log_in_earlier(client: Client, user: Any) -> None:
    """Return the row of a login whose transaction began before this one, and is another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_limits, "in_transaction", lambda database: False)
        client.force_login(user)
    newest = LoginSession.objects.filter(ended_at=None)
    newest.update(created_at=timezone.now() - timedelta(seconds=5))


def test_a_login_that_was_under_way_ends_with_the_others(
    engine: str, ann: Client, user: Any, claimed: Any
) -> None:
    """It began before the ending, in a transaction that the ending could not look into."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    result = end_sessions(Target.user(user))

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    event = LogoutEvent.objects.get()
    assert event == result.event
    assert (event.sessions, event.login_sessions.count()) == (2, 2)


def test_concurrent_login_ends_with_the_other_sessions(
    engine: str, ann: Client, user: Any, claimed: Any
) -> None:
    """The thief has been quick; the browser that asks stays."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    ann.post(OTHERS)

    assert (logged_in_as(ann), logged_in_as(thief)) == ("ann", "")
    assert LogoutEvent.objects.get().sessions == 1


def test_failing_search_for_stragglers_is_reported(ann: Client, user: Any, claimed: Any) -> None:
    """The ending is committed and the database goes away; asked again, it ends what is left."""
    thief = Client()
    claimed(partial(log_in_earlier, thief, user))

    with failing("SELECT", "created_at", '"ended_at" IS NULL'), pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))

    assert (logged_in_as(ann), logged_in_as(thief)) == ("", "ann")
    end_sessions(Target.user(user))
    assert logged_in_as(thief) == ""


@pytest.mark.parametrize("quicker", [False, True])
def test_what_begins_during_an_ending_is_counted_and_told_of_once(
    user: Any, monkeypatch: pytest.MonkeyPatch, quicker: bool
) -> None:
    """With those that it has found at first; unless another ending of it is quicker."""
    mine, late = active_client(user), Client()
    of, heard = stragglers.find_stragglers, []

    def overlooked(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(stragglers, "find_stragglers", of)
        late.force_login(user)
        left = list(LoginSession.objects.filter(ended_at=None).values_list("pk", flat=True))
        if quicker:
            late.post("/accounts/logout/")
        return stragglers.Stragglers(left, {})

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    monkeypatch.setattr(stragglers, "find_stragglers", overlooked)
    session_ended.connect(hear)
    try:
        result = end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)
    assert result.event is not None
    assert result.event.sessions == (1 if quicker else 2)
    assert len(set(heard)) == len(heard) == 2
    assert (home_page(mine), home_page(late)) == (b"user=", b"user=")
