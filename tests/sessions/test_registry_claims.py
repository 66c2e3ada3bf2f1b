"""The claim on one session or one user's comes to the same as that on any, and is put into SQL
once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.sessions.sql import update_can_return

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True, params=["told", "asked"])
def _telling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where an UPDATE tells what it has changed, and where it has to be asked for."""
    registry._end_statements.cache_clear()
    if request.param == "asked":
        monkeypatch.setattr(registry, "update_can_return", lambda database: False)
    yield
    registry._end_statements.cache_clear()


def make(user: Any, **facts: Any) -> UUID:
    """A login that has been."""
    until = timezone.now() + timedelta(days=1)
    return LoginSession.objects.create(user=user, expires_at=until, **facts).pk


def by_one(session_id: UUID, event_id: UUID, at: Any) -> Any:
    return registry.end_rows(event_id, at, lookup=("id", session_id))


def by_many(session_id: UUID, event_id: UUID, at: Any) -> Any:
    it = registry.sessions().filter(pk=session_id)
    return registry.end_rows(event_id, at, it)


@pytest.mark.parametrize("way", [by_one, by_many])
@pytest.mark.parametrize("use_tz", [True, False])
def test_what_is_alive_is_claimed_once(user: Any, settings: Any, way: Any, use_tz: bool) -> None:
    """For one event, with its key if that is known; the second time there is nothing to claim."""
    settings.USE_TZ = use_tz
    ids = [make(user, session_key="k" * 32), make(user)]
    event_id, now = uuid4(), timezone.now()
    with transaction.atomic():
        first, second = (way(session_id, event_id, now) for session_id in ids)
        assert way(ids[0], uuid4(), now) == ((), ())
    assert first == (((ids[0], user.pk, "session"),), ("k" * 32,))
    assert second == (((ids[1], user.pk, "session"),), ())
    row = LoginSession.objects.get(pk=ids[0])
    assert (row.event_id, row.ended_at) == (event_id, now)


@pytest.mark.parametrize("way", [by_one, by_many])
def test_what_was_cut_off_with_everyone_is_not_claimed_again(user: Any, way: Any) -> None:
    """It has ended already, with another event."""
    session_id = make(user)
    end_sessions(Target.everyone(), reason=Reason.ADMIN)
    with transaction.atomic():
        assert way(session_id, uuid4(), timezone.now()) == ((), ())


def test_sessions_of_one_user_only_are_claimed(user: Any, other: Any) -> None:
    """Those that are alive, with the keys that are known."""
    at, event_id = timezone.now(), uuid4()
    mine = {make(user, session_key="k" * 32), make(user)}
    make(user, ended_at=at)
    make(other)
    with transaction.atomic():
        sessions, keys = registry.end_rows(event_id, at, lookup=("user", user.pk))
        assert registry.end_rows(uuid4(), at, lookup=("user", user.pk)) == ((), ())
    assert {session.id for session in sessions} == mine
    assert keys == ("k" * 32,)
    assert set(LoginSession.objects.filter(event=event_id).values_list("pk", flat=True)) == mine


def test_the_second_claim_is_not_put_into_sql_again(user: Any) -> None:
    """Of whichever session."""
    registry._end_statements.cache_clear()
    for session_id in (make(user), make(user)):
        assert end_sessions(Target.session(session_id)).ended == {"session": 1}
    assert registry._end_statements.cache_info().misses == 1


def test_an_update_tells_what_it_has_changed_where_it_can(
    user: Any, request: pytest.FixtureRequest
) -> None:
    """One statement instead of two: each is a round trip."""
    session_id, at = make(user), timezone.now()
    told = request.node.callspec.params["_telling"] == "told" and update_can_return(
        connection.alias
    )
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        registry.end_rows(uuid4(), at, lookup=("id", session_id))
    assert len(captured) == (1 if told else 2)
