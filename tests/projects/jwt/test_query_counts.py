"""What it costs to ask whether the login of a token goes on, counted; and what becomes of requests
when that cannot be told."""

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
from tests.counting import Cost, cost, counted
from tests.pages import LOGOUT
from tests.projects.jwt_client import Program
from tests.settings import ENGINES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis")]


@pytest.fixture(autouse=True, params=["db", "cached_db"])
def _shared(request: pytest.FixtureRequest, settings: Any) -> None:
    where = {**cache_from_url(services.URLS["redis"]), "KEY_PREFIX": uuid4().hex}
    settings.CACHES = counted({"default": where})
    settings.SESSION_ENGINE = ENGINES[request.param]


def forget(user: Any) -> None:
    """The cache loses what it knows."""
    keys = status_cache.keys(status_cache.user_key(user.pk))
    for row in LoginSession.objects.all():
        keys += status_cache.keys(row.pk)
    caches["default"].delete_many(keys)


def asking(program: Program, path: str) -> Cost:
    """One request."""
    with cost() as found:
        assert program.ask(path).status_code == 200
    return found


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_a_request_costs_one_cache_read_more_than_the_librarys(user: Any, known: bool) -> None:
    """And no query, whether the token says of which login it is or not."""
    program = Program.log_in() if known else Program.issued_for(user)
    for path in ("/api/who/", "/api/stateless/"):
        asking(program, path)  # the first may have to ask the database
    plain = asking(program, "/api/unchecked/")
    assert (len(plain.statements), plain.cache) == (1, [])  # the user
    found = asking(program, "/api/who/")
    assert (found.statements, found.cache) == (plain.statements, ["get_many"])
    stateless = asking(program, "/api/stateless/")
    assert (stateless.statements, stateless.cache) == ([], ["get_many"])


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_the_database_is_asked_once_when_the_cache_has_forgotten(user: Any, known: bool) -> None:
    """One query; and not again by the next request."""
    program = Program.log_in() if known else Program.issued_for(user)
    asking(program, "/api/who/")
    forget(user)
    assert [len(asking(program, "/api/stateless/").statements) for _ in range(2)] == [1, 0]


def test_activity_is_written_once_an_interval(user: Any) -> None:
    """On the row of the login."""
    program = Program.log_in()
    asking(program, "/api/stateless/")
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        costs = [asking(program, "/api/stateless/").queries for _ in range(3)]
    assert costs == [2, 0, 0] or costs == [1, 0, 0]  # what was seen is forgotten after a minute
    row = LoginSession.objects.get()
    assert row.last_seen_at > row.created_at


def test_an_ending_is_refused_by_the_cache_alone(user: Any) -> None:
    """Who has ended is asked for once: with the first request after it nobody asks the database."""
    program = Program.log_in()
    asking(program, "/api/who/")
    end_sessions(Target.user(user))
    with cost() as found:
        assert program.ask().status_code == 401
    assert (found.statements, found.cache) == ([], ["get_many"])


@pytest.mark.parametrize("tokens", [1, 1000])
def test_everywhere_costs_the_same_for_one_token_and_a_thousand(user: Any, tokens: int) -> None:
    """Blacklisted in bulk: one INSERT for as many as the database takes at once."""
    Program.log_in()
    for _ in range(tokens - 1):
        RefreshToken.for_user(user)
    with cost() as found:
        result = end_sessions(Target.user(user))
    assert result.ended == {"simplejwt": tokens}
    assert BlacklistedToken.objects.count() == tokens
    theirs = [sql.split()[0] for sql in found.statements if "token_blacklist" in sql]
    assert theirs[0] == "SELECT"
    assert theirs[1:] in (["INSERT"], ["INSERT"] * 3)  # before Django 6, SQLite takes 499 at a time


def test_logging_out_of_a_browser_asks_once_for_its_tokens(user: Any, settings: Any) -> None:
    """Which is all that a project pays for them that issues any."""
    ann = Client()
    ann.force_login(user)
    with cost() as found:
        ann.post(LOGOUT)
    asked = [sql for sql in found.statements if "credentialbinding" in sql]
    assert len(asked) == 2, asked  # which logins, and which other tokens


def test_with_the_cache_down_the_database_is_asked(user: Any, settings: Any) -> None:
    """And nobody can be ended meanwhile without being told so."""
    known, issued = Program.log_in(), Program.issued_for(user)
    settings.CACHES = {"default": {**cache_from_url("redis://127.0.0.1:1/0")}}
    assert (known.works, issued.works) == (True, True)


def test_with_both_down_nobody_is_served(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, to be tried again; not 401, for which clients throw their tokens away."""
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


def test_an_ending_that_cannot_be_remembered_is_not_complete(user: Any, settings: Any) -> None:
    """On the engine whose deletes are final, too, since the tokens are asked about."""
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
    """A request of a browser in which somebody is signed in."""
    browser = Client()
    browser.force_login(user)
    return browser.get("/private/").wsgi_request


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("inside", [False, True], ids=["committed at once", "in a transaction"])
def test_what_is_remembered_is_replaced_by_an_ending(user: Any, scope: str, inside: bool) -> None:
    """Of a login and of a token of none; the very next request knows."""
    known, issued = Program.log_in(), Program.issued_for(user)
    assert (known.works, issued.works) == (True, True)
    target = SCOPES[scope](user)
    with transaction.atomic() if inside else nullcontext():
        end_sessions(target, reason="mine")
    assert (known.refused(), issued.refused()) == ("mine", "mine")


def test_what_was_read_in_a_transaction_is_told_to_nobody(user: Any) -> None:
    """It may be from before an ending that is committed already."""
    known, issued = Program.log_in(), Program.issued_for(user)
    with transaction.atomic():
        assert (known.works, issued.works) == (True, True)
    for program in (known, issued):
        assert len(asking(program, "/api/stateless/").statements) == 1


@pytest.mark.parametrize("known", [True, False], ids=["of a login", "of none"])
def test_with_the_database_down_what_is_remembered_serves(
    user: Any, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as it is remembered; then nobody is served."""
    program = Program.log_in() if known else Program.issued_for(user)
    asking(program, "/api/stateless/")

    def gone(*args: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(status, "get_status", gone)
    monkeypatch.setattr(cutoffs, "last_cutoff_of", gone)
    assert program.ask("/api/stateless/").status_code == 200
    forget(user)
    assert program.ask("/api/stateless/").status_code == 503


def test_a_second_try_tells_the_cache_of_the_tokens_too(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a login that has ended with its browser, and that the cache did not hear of."""
    browser = Client()
    browser.force_login(user)
    program = Program.log_in(client=browser)
    session = LoginSession.objects.get(kind="session")
    assert program.works
    with monkeypatch.context() as broken:
        broken.setattr(status_cache, "_write", lambda marks: False)
        with pytest.raises(SessionNotEnded):
            end_sessions(Target.session(session.pk))
    assert program.works  # for a minute: so it was not said to have ended
    end_sessions(Target.session(session.pk))
    assert program.refused() == "user"
