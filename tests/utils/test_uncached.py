"""Caches in front of Django's queries do not keep a session alive."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.policies import session_limits
from django_logout.sessions import cutoffs, registry
from tests.clients import logged_in, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """A library that answers each query of Django's from memory, once it has been asked.

    It hears of no write, as if another process had made them all.
    """
    memory: dict[Any, Any] = {}
    ask, exists, count = SQLCompiler.execute_sql, QuerySet.exists, QuerySet.count

    def execute_sql(compiler: Any, *args: Any, **kwargs: Any) -> Any:
        if compiler.query.__class__.__name__ not in {"Query", "UncachedQuery", "AggregateQuery"}:
            return ask(compiler, *args, **kwargs)
        sql = str(compiler.query)
        if (sql, args) not in memory:
            found = ask(compiler, *args, **kwargs)
            memory[sql, args] = found if isinstance(found, list | tuple) or not found else [*found]
        found = memory[sql, args]
        return iter(found) if isinstance(found, list) else found

    def from_memory(name: str, method: Any) -> Any:
        def call(rows: Any) -> Any:
            key = name, str(rows.query)
            return memory.setdefault(key, None) or memory.setdefault(key, method(rows))

        return call

    def fetch_all(rows: Any) -> None:
        key = "rows", str(rows.query)
        if key not in memory:
            memory[key] = list(rows._iterable_class(rows))
        rows._result_cache = memory[key]

    monkeypatch.setattr(SQLCompiler, "execute_sql", execute_sql)
    monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
    monkeypatch.setattr(QuerySet, "exists", from_memory("exists", exists))
    monkeypatch.setattr(QuerySet, "count", from_memory("count", count))
    return memory


def test_the_library_of_these_tests_remembers(remembered: dict[Any, Any], user: Any) -> None:
    """Or else they show nothing."""
    users = get_user_model().objects
    assert [each.username for each in users.all()] == ["ann"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET username = 'eve'")
    assert [each.username for each in users.all()] == ["ann"]


def test_ended_session_is_refused(engine: str, remembered: dict[Any, Any], user: Any) -> None:
    """In whatever process it is ended."""
    here, there = logged_in(user), logged_in(user)
    for client in (here, there, here, there):
        assert logged_in_as(client) == "ann"

    assert here.post("/accounts/logout/").status_code == 200
    assert logged_in_as(here) == ""
    assert logged_in_as(there) == "ann"
    end_sessions(Target.user(user))
    assert logged_in_as(there) == ""


@pytest.mark.engines("signed_cookies-unshared", "file-unshared")
def test_session_that_another_process_has_ended_is_refused(
    engine: str, remembered: dict[Any, Any], ann: Client
) -> None:
    """Without a shared cache the row is all there is."""
    assert logged_in_as(ann) == logged_in_as(ann) == "ann"

    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_logout_loginsession SET ended_at = %s", [timezone.now()])

    assert logged_in_as(ann) == ""


def test_everyone(engine: str, remembered: dict[Any, Any], ann: Client) -> None:
    """A cutoff is read as well."""
    assert logged_in_as(ann) == logged_in_as(ann) == "ann"
    end_sessions(Target.everyone())
    assert logged_in_as(ann) == ""


def test_questions_that_decide(remembered: dict[Any, Any], user: Any) -> None:
    """About logins, tokens and the limit."""
    moment = timezone.now()
    row_id = LoginSession.objects.create(user=user, expires_at=moment + moment.resolution).pk

    def ask() -> list[Any]:
        return [
            registry.row_exists(row_id),
            registry.sessions().filter(ended_at=None).count(),
            session_limits.counted_logins(user, None).count(),
            cutoffs.endings_seen(user.pk),
            cutoffs.last_cutoff_of(user.pk).covers(moment.timestamp()),
            registry.find_ended(session_id=row_id) is not None,
            [row.ended_at is None for row in registry.sessions()],
        ]

    before = ask()
    end_sessions(Target.user(user))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_logout_logoutevent SET created_at = %s", [timezone.now()])
    assert [old != new for old, new in zip(before, ask(), strict=True)] == [False] + [True] * 6


def test_a_database_with_a_way_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its compiler executes SQL in another way than Django's."""

    class Compiler(SQLCompiler):
        def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
            return super().execute_sql(*args, **kwargs)

    query = LoginSession.objects.all().query
    monkeypatch.setattr(connection.ops, "compiler", lambda name: Compiler)
    compiler = query.get_compiler(connection=connection)
    assert "execute_sql" not in vars(compiler)
