"""A session and its cached status are read in one call; a wrong guess authenticates no user."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.guard import prefetch, status_cache
from django_logout.guard.install import session_state
from django_logout.models import LoginSession
from django_logout.sessions import engines, identity
from django_logout.utils.bounded import BoundedDict
from tests import services
from tests.backends import cache_from_url
from tests.clients import logged_in_as
from tests.query_counts import cost, counted
from tests.settings import ENGINES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis")]


@pytest.fixture(autouse=True, params=["cached_db", "cache"])
def _in_redis(request: Any, settings: Any) -> Iterator[None]:
    settings.SESSION_ENGINE = ENGINES[request.param]
    cache = {**cache_from_url(services.URLS["redis"]), "KEY_PREFIX": uuid4().hex}
    settings.CACHES = counted({"default": cache, "other": {**cache, "KEY_PREFIX": uuid4().hex}})
    prefetch._ids.clear()
    yield
    prefetch._ids.clear()


@pytest.fixture
def ann(user: Any) -> Client:
    """A browser whose session this process has seen."""
    client = Client()
    client.force_login(user)
    assert logged_in_as(client)
    return client


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def here(client: Client) -> Any:
    """Its session, as a request has it."""
    session = engines.current_engine().store(key_of(client))
    session_state(session)
    return session


def test_one_read_brings_both(ann: Client) -> None:
    with cost() as found:
        assert here(ann).get("_auth_user_id")
    assert found.cache == ["get_many"]


def test_a_process_that_has_not_seen_it_reads_twice(ann: Client) -> None:
    """And once from then on."""
    prefetch._ids.clear()
    with cost() as found:
        assert here(ann).get("_auth_user_id")
    assert found.cache == ["get", "get_many"]
    test_one_read_brings_both(ann)


def test_the_key_of_a_living_session_lets_in_no_ended_one(ann: Client, admin_user: Any) -> None:
    """The process is wrong about whose key that is: what it has read of another is not used."""
    other = Client()
    other.force_login(admin_user)
    assert logged_in_as(other)
    mine = identity.identify(here(ann)._session, key_of(ann))
    theirs = identity.identify(here(other)._session, key_of(other))
    assert mine is not None
    assert theirs is not None
    caches["default"].set(status_cache.mark_key(mine.id), "ended:admin")
    prefetch._ids[hash(key_of(ann))] = theirs.id

    assert not logged_in_as(ann)
    assert logged_in_as(other)


def test_a_wrong_guess_ends_no_living_session(ann: Client, user: Any) -> None:
    """The session that was taken for it has ended; this one goes on, and is guessed right next."""
    ended = LoginSession.objects.exclude(user=None).get()
    other = Client()
    other.force_login(user)
    end_sessions(Target.session(ended.pk))
    prefetch._ids[hash(key_of(other))] = ended.pk

    assert logged_in_as(other)
    assert prefetch._ids[hash(key_of(other))] != ended.pk
    assert logged_in_as(other)
    assert not logged_in_as(ann)


def test_what_was_read_is_used_once(ann: Client) -> None:
    """A save asks anew: the session has ended since it was loaded."""
    session = here(ann)
    session["cart"] = [1]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    with pytest.raises(UpdateError):
        session.save()
    assert not logged_in_as(ann)


def test_a_session_that_is_loaded_again_is_asked_for_again(ann: Client) -> None:
    session = here(ann)
    assert session.get("_auth_user_id")
    end_sessions(Target.session(LoginSession.objects.get().pk))
    session._session_key = key_of(ann)
    assert session.load() == {}


@pytest.mark.parametrize("method", ["get_many", "get"])
def test_a_cache_that_fails_at_one_of_them(
    ann: Client, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """The ordinary way is taken, which handles the error; active sessions stay active."""

    def fail(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(RedisCache, method, fail)
    assert logged_in_as(ann)
    monkeypatch.undo()
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert not logged_in_as(ann)


def test_another_cache_that_remembers_is_read_by_itself(ann: Client, settings: Any) -> None:
    settings.LOGOUT = {"CACHE_ALIAS": "other"}
    assert logged_in_as(ann)
    with cost() as found:
        assert here(ann).get("_auth_user_id")
    assert found.cache == ["get", "get_many"]


def test_a_store_of_the_projects_own_with_another_cache_is_read_by_itself(ann: Client) -> None:
    """What that cache says of who is alive means nothing."""
    session = here(ann)
    caches["other"].set_many(
        caches["default"].get_many(status_cache.keys(LoginSession.objects.get().pk))
    )
    session._cache = caches["other"]
    assert prefetch.fetch_session(session) is None
    assert session._cache is caches["other"]


def test_a_rotated_key_is_known_once_it_has_been_used(ann: Client) -> None:
    session = here(ann)
    session.cycle_key()
    session.save()
    ann.cookies["sessionid"] = session.session_key
    test_a_process_that_has_not_seen_it_reads_twice(ann)


def test_a_process_remembers_so_many_and_no_key(
    ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those it has known longest are forgotten first; nothing of it opens a session."""
    monkeypatch.setattr(prefetch, "_ids", BoundedDict(2))
    clients = [Client() for _ in range(3)]
    for client in clients:
        client.force_login(user)
        assert logged_in_as(client)
    assert list(prefetch._ids) == [hash(key_of(client)) for client in clients[1:]]
    assert logged_in_as(clients[0])
