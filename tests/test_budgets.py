"""What it costs, counted: design law 5, and the budgets that a change must not overdraw.

Django's own numbers are measured here too, by running the same requests without this package.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.conf import as_timedelta, logout_settings
from django_logout.guard import prefetch, status_cache
from django_logout.guard.install import session_state
from django_logout.models import LoginSession
from django_logout.sessions import engines, registry
from django_logout.sessions.sql import update_can_return
from tests.query_counts import Cost, cost, counted, plain_django

pytestmark = pytest.mark.django_db(transaction=True)


#: Engines whose session is read from the cache that remembers, too: one read brings both.
IN_CACHE = {"cached_db", "cache"}


@pytest.fixture(autouse=True)
def _counting(request: pytest.FixtureRequest, settings: Any) -> None:
    if "engine" in request.fixturenames:
        request.getfixturevalue("engine")
    settings.CACHES = counted(settings.CACHES)


def log_in(client: Client) -> Cost:
    """By the login page, with a name and a password."""
    with cost() as found:
        response = client.post("/login/", {"username": "ann", "password": "pw"})
    assert response.status_code == 302
    return found


def page(client: Client, path: str = "/private/") -> Cost:
    """What one page costs."""
    with cost() as found:
        response = client.get(path)
    assert response.status_code == 200
    return found


def log_out(client: Client) -> Cost:
    """By the button."""
    with cost() as found:
        response = client.post("/accounts/logout/", {"next": "/quiet/"})
    assert response.status_code == 302
    return found


def logged_in_client() -> Client:
    """A browser that has been here before: its marks are warm."""
    client = Client()
    log_in(client)
    page(client)
    return client


@pytest.fixture
def plain(user: Any, engine: str) -> dict[str, Cost]:
    """What plain Django pays, on this engine."""
    with plain_django():
        client = Client()
        costs = {
            "login": log_in(client),
            "page": page(client),
            "write": page(client, "/write/"),
            "logout": log_out(client),
        }
    assert not LoginSession.objects.exists()  # it was indeed without us
    return costs


def test_a_request_that_never_looks_at_the_user_is_free(user: Any, engine: str) -> None:
    """No query, no cache call, the session not even looked at (design law 5)."""
    client = logged_in_client()
    with cost() as found:
        response = client.get("/quiet/")
    assert (found.statements, found.cache) == ([], [])
    assert not response.wsgi_request.session.accessed
    assert "Cookie" not in response.headers.get("Vary", "")


def test_a_page_costs_one_cache_read_at_most(plain: dict[str, Cost], engine: str) -> None:
    """None on an engine whose deletes are final, and none where the session itself is read from the
    cache by a process that knows it; where no cache is shared, one registry read."""
    client = logged_in_client()
    found, shared = page(client), status_cache.shared_cache() is not None
    looks = 0 if engine == "db" else 1
    reads = looks - (engine in IN_CACHE)
    assert len(found.statements) == len(plain["page"].statements) + (0 if shared else looks)
    assert found.reads == plain["page"].reads + (reads if shared else 0)
    assert len(found.cache) == len(plain["page"].cache) + (reads if shared else 0)

    prefetch._ids.clear()  # as in a process that has never seen it
    found = page(client)
    assert len(found.statements) == len(plain["page"].statements) + (0 if shared else looks)
    assert len(found.cache) == len(plain["page"].cache) + (looks if shared else 0)


def test_a_page_on_db_costs_djangos_own_two_queries(user: Any, settings: Any) -> None:
    """The session and the user."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    assert len(page(logged_in_client()).statements) == 2


def test_a_page_with_all_features_on_costs_the_same(
    plain: dict[str, Cost], engine: str, settings: Any
) -> None:
    """Timeouts, a limit of sessions and activity ask nothing more, and write once an interval."""
    usual = page(logged_in_client())
    settings.LOGOUT = {
        "IDLE_TIMEOUT": timedelta(minutes=30),
        "ABSOLUTE_TIMEOUT": timedelta(hours=8),
        "MAX_SESSIONS": 5,
        "LAST_SEEN_INTERVAL": timedelta(minutes=1),
        "REAUTHENTICATION_AGE": timedelta(minutes=10),
        "NO_STORE": True,
    }
    client = logged_in_client()
    found = page(client)
    assert (found.queries, found.cache) == (usual.queries, usual.cache)
    looks = engine != "db"
    shared = status_cache.shared_cache() is not None
    assert found.queries <= plain["page"].queries + (looks and not shared)


def test_force_login_takes_two_queries_more(user: Any, engine: str) -> None:
    """So a project's own tests stay quick."""
    with plain_django(), cost() as plain:
        Client().force_login(user)
    with cost() as found:
        Client().force_login(user)
    assert found.queries <= plain.queries + 2


def test_login_costs_the_same_beside_a_thousand_devices(user: Any, engine: str) -> None:
    """They are neither read nor counted."""
    first = log_in(Client())
    make_sessions(user, 1000)
    assert log_in(Client()).queries == first.queries


def test_the_registry_is_read_once_when_the_cache_has_forgotten(
    plain: dict[str, Cost], engine: str
) -> None:
    """And not again by the next request, if there is a cache to remember it."""
    client = logged_in_client()
    caches["default"].delete_many(status_cache.keys(LoginSession.objects.get().pk))
    first, second = page(client), page(client)
    guarded, shared = engine != "db", status_cache.shared_cache() is not None
    assert len(first.statements) == len(plain["page"].statements) + guarded
    assert len(second.statements) == len(plain["page"].statements) + (guarded and not shared)
    assert second.reads == plain["page"].reads + (guarded and shared and engine not in IN_CACHE)


def test_writing_the_session_costs_one_more_look(plain: dict[str, Cost], engine: str) -> None:
    """After the save, where a late write could bring an ended session back."""
    found = page(logged_in_client(), "/write/")
    looks = 0 if engine == "db" else 2
    shared = status_cache.shared_cache() is not None
    assert len(found.statements) == len(plain["write"].statements) + (0 if shared else looks)
    assert found.reads == plain["write"].reads + (looks - (engine in IN_CACHE) if shared else 0)


def test_activity_is_written_once_an_interval(user: Any, engine: str) -> None:
    """Not with every page (design law 5)."""
    client = logged_in_client()
    usual = page(client)
    with time_machine.travel(timezone.now() + as_timedelta(logout_settings().LAST_SEEN_INTERVAL)):
        page(client)  # may ask the registry, too, for a mark that has expired
        assert page(client).queries == usual.queries
    row = LoginSession.objects.get()
    assert row.last_seen_at > row.created_at


def test_async_pages_cost_the_same(user: Any, engine: str) -> None:
    """Django's own ``aget_many()`` asks key by key, in a thread each; we must not."""
    guarded, shared = engine != "db", status_cache.shared_cache() is not None
    cookie = logged_in_client().cookies["sessionid"].value
    engine_in_use = engines.current_engine()
    bare = engine_in_use.open_unguarded(cookie)
    first, again = (engine_in_use.store(cookie) for _ in range(2))
    prefetch._ids.clear()
    with cost() as plain:
        async_to_sync(bare.aget)("anything")
    for store, known in ((first, False), (again, True)):
        session_state(store)
        with cost() as found:
            async_to_sync(store.aget)("anything")
        assert len(found.statements) == len(plain.statements) + (guarded and not shared)
        own = [] if known and shared and engine in IN_CACHE else plain.cache
        assert found.cache == [*own, *(["get_many"] if guarded and shared else [])]


def test_login_costs_two_statements_on_the_first_and_the_fiftieth_device(
    plain: dict[str, Cost], engine: str
) -> None:
    """However many sessions a user has."""
    costs = [log_in(Client()) for _ in range(50)]
    first, sixth, fiftieth = costs[0], costs[5], costs[49]
    assert first.queries <= plain["login"].queries + 2
    assert first.queries == sixth.queries == fiftieth.queries
    assert len(first.statements) == len(sixth.statements) == len(fiftieth.statements)


def test_logout_costs_two_statements_more(plain: dict[str, Cost], engine: str) -> None:
    """The claim and the record; beside the gate's look, as on any page."""
    look = engine != "db" and status_cache.shared_cache() is None
    assert log_out(logged_in_client()).queries <= plain["logout"].queries + look + untold() + 2


def test_logout_costs_the_same_however_many_sessions_there_are(user: Any, engine: str) -> None:
    """It is about one."""
    few = log_out(logged_in_client())
    make_sessions(user, 1000)
    assert len(log_out(logged_in_client()).statements) == len(few.statements)


#: Statements of "everywhere", with BEGIN and COMMIT: UPDATE of the sessions, INSERT of the event,
#: after the commit a SELECT of sessions that began meanwhile; and the DELETE of the engine's rows,
#: where there is a table of them, which on PostgreSQL is a part of the UPDATE.
EVERYWHERE = {"db": 6, "cached_db": 6, "cache": 5, "file": 5, "signed_cookies": 5}
#: Of "everyone": INSERT of the cut-off, a count for the record, and INSERT of the event.
EVERYONE = 5


def test_everywhere_costs_the_same_for_a_thousand_sessions(user: Any, engine: str) -> None:
    """One indexed UPDATE and one indexed DELETE; never a loop, never a scan."""
    end_everywhere(user, engine, 1000)


@pytest.mark.engines("db")
@pytest.mark.parametrize("sessions", [1, 5])
def test_everywhere_costs_the_same_for_a_few_sessions(
    user: Any, engine: str, sessions: int
) -> None:
    """There is no case of its own for one session."""
    end_everywhere(user, engine, sessions)


def untold() -> int:
    """Return how many SELECTs more there are where an UPDATE does not tell what it has changed."""
    return int(not update_can_return(registry.database()))


def end_everywhere(user: Any, engine: str, sessions: int) -> None:
    """Make sessions, end them all, and compare the number of statements with the budget."""
    make_sessions(user, sessions)
    with cost() as found:
        result = end_sessions(Target.user(user))
    assert result.ended == {"session": sessions}
    assert not Session.objects.exists()
    budget = EVERYWHERE[engine] + untold()
    if connection.vendor == "postgresql" and engine in {"db", "cached_db"}:
        budget -= 1
    assert len(found.statements) == budget, found.statements


def test_everyone_out_costs_the_same_for_a_thousand_sessions(user: Any, engine: str) -> None:
    """One write ends them all, and the next request knows."""
    end_everyones(user, 1000)


@pytest.mark.parametrize("sessions", [1, 5])
def test_everyone_out_costs_the_same_for_a_few(user: Any, sessions: int) -> None:
    """There is no case of its own for one session."""
    end_everyones(user, sessions)


def end_everyones(user: Any, sessions: int) -> None:
    """Make sessions, end everyone's, and compare the number of statements with the budget."""
    make_sessions(user, sessions)
    client = logged_in_client()
    with cost() as found:
        end_sessions(Target.everyone())
    assert client.get("/").content == b"user="
    assert len(found.statements) == EVERYONE, found.statements


def make_sessions(user: Any, number: int) -> None:
    """As many logins as a user has who never logs out."""
    until = timezone.now() + timedelta(days=1)
    has_table = engines.current_engine().model is not None
    keys = [uuid4().hex for _ in range(number)]
    LoginSession.objects.bulk_create(
        LoginSession(user=user, session_key=key if has_table else "", expires_at=until)
        for key in keys
    )
    if has_table:
        Session.objects.bulk_create(
            Session(session_key=key, session_data="", expire_date=until) for key in keys
        )
