"""What the db engine's row tells when it is loaded, in one query that is put into SQL once."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Manager
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.guard import db_store
from django_logout.guard.install import session_state
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, engines
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _db(settings: Any) -> None:
    settings.SESSION_ENGINE = ENGINES["db"]


def logged_in_key(user: Any) -> str:
    """Of a login."""
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def load(key: str) -> Any:
    """As a request does; gives the session."""
    session: Any = import_module(ENGINES["db"]).SessionStore(key)
    session_state(session)
    session.get("anything")
    return session


@pytest.mark.parametrize("use_tz", [True, False])
def test_it_says_what_django_reads_and_what_settles_it(
    user: Any, settings: Any, use_tz: bool
) -> None:
    """The data, and the active login that has the key."""
    settings.USE_TZ = use_tz
    end_sessions(Target.everyone())
    key = logged_in_key(user)
    found = db_store.read_row(Session, key)
    assert found is not None
    assert SessionStore(key).decode(found.session_data)["_auth_user_id"] == str(user.pk)
    assert found.active_id == LoginSession.objects.get().pk
    cutoffs.cut_off([None], before=timezone.now(), reason=Reason.COMMAND)
    found = db_store.read_row(Session, key)
    assert found is not None
    assert found.active_id is None


def test_an_expired_row_is_none(user: Any) -> None:
    """By the clock of the moment in which it is asked for, not of the first time."""
    key = logged_in_key(user)
    assert db_store.read_row(Session, key) is not None
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert db_store.read_row(Session, key) is None


def test_the_second_question_is_not_put_into_sql_again(user: Any) -> None:
    """With another key, it is the same question."""
    keys = [logged_in_key(user), logged_in_key(user)]
    db_store._statement.cache_clear()
    with CaptureQueriesContext(connection) as asked:
        found = [load(key).session_key for key in keys]
    assert found == keys
    assert db_store._statement.cache_info().misses == 1
    first, second = (query["sql"] for query in asked.captured_queries)
    assert keys[0] in first
    assert keys[1] in second


def test_a_copy_that_the_project_has_made_ends_with_the_original(user: Any) -> None:
    """Its row is unknown and not deleted, so it is looked up by its id."""
    key = logged_in_key(user)
    Session.objects.create(**{**Session.objects.values().get(), "session_key": "c" * 32})
    assert not load("c" * 32).is_empty()
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert Session.objects.filter(session_key="c" * 32).exists()
    assert load("c" * 32).is_empty()
    assert load(key).is_empty()


class Choosy(Manager[Session]):
    """Looks for sessions in a way of its own, which may be another one each time."""

    def get_queryset(self) -> Any:
        return super().get_queryset().none()


def test_a_manager_of_the_projects_own_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So such an engine is guarded like any that we do not know."""
    with monkeypatch.context() as patch:
        patch.setattr(Session, "objects", Choosy())
        assert not engines._of.__wrapped__(SessionStore).final_deletes
    assert engines._of.__wrapped__(SessionStore).final_deletes
