"""No request and no ending reads a whole table, however large: SQLite says how it would search."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (LoginSession._meta.db_table, Session._meta.db_table)


@pytest.fixture(autouse=True)
def _crowd(settings: Any) -> None:
    """Tables of a size, and SQLite knows how many rows share a value: none has an event yet."""
    if connection.vendor != "sqlite":
        pytest.skip("asks SQLite for its plans")
    settings.SESSION_ENGINE = ENGINES["db"]
    users = get_user_model()
    crowd = users.objects.bulk_create(users(username=f"bob{i}") for i in range(200))
    until = timezone.now() + timedelta(days=1)
    keys = [uuid4().hex for _ in range(1000)]
    LoginSession.objects.bulk_create(
        LoginSession(user=crowd[i // 5], session_key=key, expires_at=until)
        for i, key in enumerate(keys)
    )
    Session.objects.bulk_create(
        Session(session_key=key, session_data="", expire_date=until) for key in keys
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@contextmanager
def plans() -> Iterator[list[str]]:
    """Of the statements that are executed meanwhile."""
    found: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            sqlite = context["connection"].connection
            steps = sqlite.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%s", "?"), params)
            found.extend(str(step[-1]) for step in steps)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield found


def logged_in_client() -> Client:
    client = Client()
    client.post("/login/", {"username": "ann", "password": "pw"})
    return client


WORK: dict[str, Callable[[Client, LoginSession], Any]] = {
    "login": lambda client, mine: logged_in_client(),
    "page": lambda client, mine: client.get("/private/"),
    "logout": lambda client, mine: client.post("/accounts/logout/"),
    "one": lambda client, mine: end_sessions(Target.session(mine.pk)),
    "everywhere": lambda client, mine: end_sessions(Target.user(mine.user)),
}


@pytest.mark.parametrize("work", WORK)
def test_no_table_of_sessions_is_read_from_end_to_end(user: Any, work: str) -> None:
    """Each is searched by an index, and by one that leads to few rows."""
    client, mine = logged_in_client(), LoginSession.objects.select_related("user").get(user=user)
    with plans() as found:
        WORK[work](client, mine)
    assert any(table in step for step in found for table in TABLES)
    assert not [step for step in found if step.startswith("SCAN") and step.split()[1] in TABLES]
