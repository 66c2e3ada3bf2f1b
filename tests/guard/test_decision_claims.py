"""Users who write session data, where an application lets them: the id of another user's session.

Such a session is not served, ends no other user's, and does not escape an ending of its own user.
"""

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions, logout
from django_logout.guard import status_cache
from django_logout.models import LoginSession
from django_logout.revokers import bindings
from django_logout.sessions.identity import ID_KEY
from tests.clients import (
    LOGOUT,
    active_client,
    copy_of,
    logged_in,
    logged_in_as,
    unguarded_store,
)
from tests.query_counts import cost
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


bound: list[Any] = []


def write(request: HttpRequest) -> HttpResponse:
    """Let users keep what they like in their sessions, and then do something."""
    data = json.loads(request.body)
    work = data.pop("then", "")
    request.session.update(data)
    if work == "rotate":
        request.session.cycle_key()
    if work == "logout":
        logout(request)
    if work == "token":
        bound.append(bindings.current_session_id(request.user.pk))
    return HttpResponse()


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = routes(write)


def id_of(user: Any) -> str:
    """The public id of a user's only active session."""
    return str(LoginSession.objects.get(user=user, ended_at=None).pk)


def store_claim(client: Client, session_id: str) -> Client:
    """Put an id into the stored session, as code does that this package does not see."""
    store = unguarded_store(client.cookies["sessionid"].value)
    store[ID_KEY] = session_id
    store.save()
    client.cookies["sessionid"] = store.session_key
    return client


@pytest.mark.parametrize("then", ["", "rotate", "logout"])
def test_written_in_a_request(engine: str, user: Any, other: Any, then: str) -> None:
    """The victim stays logged in, with a warm cache too, and the attacker escapes nothing."""
    victim, attacker = active_client(other), active_client(user)
    early = copy_of(attacker)
    attacker.post(OUT, {ID_KEY: id_of(other), "then": then}, content_type="application/json")
    late = copy_of(attacker) if "sessionid" in attacker.cookies else attacker
    attacker.post(LOGOUT)
    assert logged_in_as(victim) == "bob"

    end_sessions(Target.user(user))
    assert [logged_in_as(client) for client in (early, late, attacker)] == ["", "", ""]
    assert logged_in_as(victim) == "bob"
    assert LoginSession.objects.get(ended_at=None).user == other
    end_sessions(Target.user(other))
    assert logged_in_as(victim) == ""


def test_stored_behind_our_back(engine: str, user: Any, other: Any) -> None:
    """It is refused from the row, from a warm cache, and after the attacker's own ending."""
    victim, attacker = active_client(other), store_claim(active_client(user), id_of(other))
    copy = copy_of(attacker)
    for _ in range(2):
        assert logged_in_as(attacker) == ""
        assert logged_in_as(victim) == "bob"
    copy.post(LOGOUT)
    assert logged_in_as(victim) == "bob"
    end_sessions(Target.user(user))
    assert logged_in_as(copy) == ""
    assert logged_in_as(victim) == "bob"


def test_behind_a_duplicate_cookie(engine: str, user: Any, other: Any) -> None:
    """Logging out ends the user's own sessions, and those of no other user."""
    victim, attacker = active_client(other), store_claim(active_client(user), id_of(other))
    own = active_client(user)
    keys = [client.cookies["sessionid"].value for client in (attacker, own)]
    Client(HTTP_COOKIE="; ".join(f"sessionid={key}" for key in keys)).post(LOGOUT)
    assert logged_in_as(victim) == "bob"
    assert [logged_in_as(client) for client in (attacker, own)] == ["", ""]


def test_a_token_is_bound_to_the_session_that_obtained_it(user: Any, other: Any) -> None:
    """Not to the one that is claimed."""
    active_client(other)
    bound.clear()
    claims: list[dict[str, str]] = [{}, {ID_KEY: id_of(other)}]
    for claim in claims:
        client = active_client(user)
        client.post(OUT, {**claim, "then": "token"}, content_type="application/json")
    assert bound == [LoginSession.objects.filter(user=user).earliest("created_at").pk, None]


def test_an_id_that_is_none(engine: str, user: Any) -> None:
    """A user id that no user can have is no one's, whatever row the session names."""
    client = store_claim(active_client(user), id_of(user))
    assert logged_in_as(client) == "ann"


@pytest.mark.engines("cache", "cached_db", "file", "signed_cookies")
def test_what_is_remembered_is_remembered_of_one_user(engine: str, user: Any) -> None:
    """The same session costs no query, however its user id is written."""
    client = active_client(user)
    client.get("/private/")
    with cost() as found:
        client.get("/private/")
    assert not [text for text in found.statements if "django_logout_loginsession" in text]
    (row,) = LoginSession.objects.all()
    entry = status_cache.cached_entry(
        status_cache.shared_cache().get_many(status_cache.keys(row.pk)), row.pk
    )
    assert entry == f"{status_cache.ACTIVE}:{user.pk}"


def test_a_rotation_after_the_claim_takes_no_row_over(engine: str, user: Any, other: Any) -> None:
    """The victim's row keeps its key."""
    logged_in(other)
    before = LoginSession.objects.get(user=other)
    attacker = logged_in(user)
    claim = {ID_KEY: str(before.pk), "then": "rotate"}
    attacker.post(OUT, claim, content_type="application/json")
    after = LoginSession.objects.get(user=other)
    assert (after.session_key, after.rotated_from) == (before.session_key, before.rotated_from)
    assert after.expires_at == before.expires_at
