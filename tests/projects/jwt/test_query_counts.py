"""What it costs to check the session behind a token, counted; and what a request gets when the
check fails."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import caches
from django.db import OperationalError, transaction
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout import Target, end_sessions
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.models import LoginSession
from django_logout.sessions import cutoffs, status
from tests import services
from tests.backends import cache_from_url
from tests.clients import LOGOUT
from tests.projects.jwt_client import Program
from tests.query_counts import Cost, cost, counted
from tests.settings import ENGINES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis")]


@pytest.fixture(autouse=True, params=["db", "cached_db"])
def _shared(request: pytest.FixtureRequest, settings: Any) -> None:
    where = {**cache_from_url(services.URLS["redis"]), "KEY_PREFIX": uuid4().hex}
    settings.CACHES = counted({"default": where})
    settings.SESSION_ENGINE = ENGINES[request.param]


def forget(user: Any) -> None:
    """Evict all that is cached of the user."""
    keys = status_cache.keys(status_cache.user_key(user.pk))
    for row in LoginSession.objects.all():
        keys += status_cache.keys(row.pk)
    caches["default"].delete_many(keys)


def asking(program: Program, path: str) -> Cost:
    """Count the cost of one request."""
    with cost() as found:
        assert program.ask(path).status_code == 200
    return found


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_request_costs_one_cache_read(user: Any, known: bool) -> None:
    """It needs no query, whether or not the token names its session."""
    program = Program.log_in() if known else Program.issued_for(user)
    for path in ("/api/who/", "/api/stateless/"):
        asking(program, path)  # Fill the cache.
    plain = asking(program, "/api/unchecked/")
    assert (len(plain.statements), plain.cache) == (1, [])  # The query loads the user.
    found = asking(program, "/api/who/")
    assert (found.statements, found.cache) == (plain.statements, ["get_many"])
    stateless = asking(program, "/api/stateless/")
    assert (stateless.statements, stateless.cache) == ([], ["get_many"])


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_evicted_status_costs_one_query(user: Any, known: bool) -> None:
    """The next request reads the cache again."""
    program = Program.log_in() if known else Program.issued_for(user)
    asking(program, "/api/who/")
    forget(user)
    assert [len(asking(program, "/api/stateless/").statements) for _ in range(2)] == [1, 0]


def test_activity_is_written_once_per_interval(user: Any) -> None:
    """On the row of the session."""
    program = Program.log_in()
    asking(program, "/api/stateless/")
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        costs = [asking(program, "/api/stateless/").queries for _ in range(3)]
    assert costs == [2, 0, 0] or costs == [1, 0, 0]  # The cached status may have expired.
    row = LoginSession.objects.get()
    assert row.last_seen_at > row.created_at


def test_ended_session_is_refused_with_one_query(user: Any) -> None:
    """The first request after the ending reads the row, and later ones find that in the cache."""
    program = Program.log_in()
    asking(program, "/api/who/")
    end_sessions(Target.user(user))
    counts = []
    for _ in range(2):
        with cost() as found:
            assert program.ask().status_code == 401
        counts.append(len(found.statements))
    assert (counts, found.cache) == ([1, 0], ["get_many"])


@pytest.mark.parametrize("tokens", [1, 1000])
def test_everywhere_blacklists_in_bulk(user: Any, tokens: int) -> None:
    """One INSERT for as many tokens as the database takes at once."""
    Program.log_in()
    for _ in range(tokens - 1):
        RefreshToken.for_user(user)
    with cost() as found:
        result = end_sessions(Target.user(user))
    assert result.ended == {"simplejwt": tokens}
    assert BlacklistedToken.objects.count() == tokens
    theirs = [sql.split()[0] for sql in found.statements if "token_blacklist" in sql]
    assert theirs[0] == "SELECT"
    assert theirs[1:] in (["INSERT"], ["INSERT"] * 3)  # Before Django 6, SQLite takes 499 rows.


def test_browser_logout_costs_two_queries_for_tokens(user: Any, settings: Any) -> None:
    """A project pays this and no more for the tokens that it issues."""
    ann = Client()
    ann.force_login(user)
    with cost() as found:
        ann.post(LOGOUT)
    asked = [sql for sql in found.statements if "credentialbinding" in sql]
    assert len(asked) == 2, asked  # One for sessions, one for other tokens.


def test_cache_outage_falls_back_to_database(user: Any, settings: Any) -> None:
    """Meanwhile no ending claims to be complete."""
    known, issued = Program.log_in(), Program.issued_for(user)
    settings.CACHES = {"default": {**cache_from_url("redis://127.0.0.1:1/0")}}
    assert (known.works, issued.works) == (True, True)


def test_cache_and_database_outage_gets_503(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client can try again; on 401, clients throw their tokens away."""
    known, issued = Program.log_in(), Program.issued_for(user)

    def gone(*args: Any) -> Any:
        raise OperationalError("gone")

    settings.CACHES = {"default": {**cache_from_url("redis://127.0.0.1:1/0")}}
    monkeypatch.setattr(status, "get_status", gone)
    monkeypatch.setattr(cutoffs, "last_cutoff_of", gone)
    for program in (known, issued):
        for path in ("/api/who/", "/api/stateless/"):
            answer = program.ask(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.json()["title"] == "Service Unavailable"
        answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
        assert answer.status_code == 503


def test_ending_without_cache_fails(user: Any, settings: Any) -> None:
    """On the engine whose deletes are final too, because the status of tokens is cached."""
    program = Program.log_in()
    settings.CACHES = {"default": {**cache_from_url("redis://127.0.0.1:1/0")}}
    with pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user))
    assert program.works


SCOPES: dict[str, Callable[[Any], Target]] = {
    "user": Target.user,
    "users": lambda user: Target.users(type(user).objects.filter(pk=user.pk)),
    "others": lambda user: Target.others(_request_of(user)),
    "everyone": lambda user: Target.everyone(),
}


def _request_of(user: Any) -> Any:
    """Return a request of a browser in which the user is logged in."""
    browser = Client()
    browser.force_login(user)
    return browser.get("/private/").wsgi_request


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("inside", [False, True], ids=["committed at once", "in a transaction"])
def test_ending_replaces_cached_status(user: Any, scope: str, inside: bool) -> None:
    """The very next request is refused, whether or not its token names its session."""
    known, issued = Program.log_in(), Program.issued_for(user)
    assert (known.works, issued.works) == (True, True)
    target = SCOPES[scope](user)
    with transaction.atomic() if inside else nullcontext():
        end_sessions(target, reason="mine")
    assert (known.refused(), issued.refused()) == ("mine", "mine")


def test_read_in_transaction_is_not_cached(user: Any) -> None:
    """It may be older than an ending that is already committed."""
    known, issued = Program.log_in(), Program.issued_for(user)
    with transaction.atomic():
        assert (known.works, issued.works) == (True, True)
    for program in (known, issued):
        assert len(asking(program, "/api/stateless/").statements) == 1


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_database_outage_serves_cached_status(
    user: Any, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the cache loses it; then the request gets 503."""
    program = Program.log_in() if known else Program.issued_for(user)
    asking(program, "/api/stateless/")

    def gone(*args: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(status, "get_status", gone)
    monkeypatch.setattr(cutoffs, "last_cutoff_of", gone)
    assert program.ask("/api/stateless/").status_code == 200
    forget(user)
    assert program.ask("/api/stateless/").status_code == 503


def test_second_ending_repairs_cache_of_token_session(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token's session ended with its browser, and the cache missed that."""
    browser = Client()
    browser.force_login(user)
    program = Program.log_in(client=browser)
    session = LoginSession.objects.get(kind="session")
    assert program.works
    with monkeypatch.context() as broken:
        broken.setattr(status_cache, "_write", lambda cache, marks, data=(): False)
        with pytest.raises(SessionNotEnded):
            end_sessions(Target.session(session.pk))
    assert program.works  # The cached status is stale, so the ending claimed no success.
    end_sessions(Target.session(session.pk))
    assert program.refused() == "ended"
