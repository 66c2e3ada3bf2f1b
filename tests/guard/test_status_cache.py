"""What the gate trusts, and what it does when it cannot ask."""

import contextlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import caches
from django.db import OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Reason, SessionNotEnded, Target, aend_sessions, end_sessions
from django_logout.exceptions import SessionUnavailable
from django_logout.guard import status_cache
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import registry, status
from django_logout.sessions.identity import Identity
from tests import services
from tests.backends import cache_from_url
from tests.clients import LOGOUT, logged_in_as
from tests.settings import ENGINES
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

DEAD = "redis://127.0.0.1:1/0"


@pytest.fixture
def file_engine(settings: Any, tmp_path: Any) -> None:
    """An engine that needs no server, and whose deletes are not final."""
    settings.SESSION_ENGINE = ENGINES["file"]
    settings.SESSION_FILE_PATH = str(tmp_path)


@pytest.fixture
def redis(settings: Any, file_engine: None) -> Any:
    """A shared cache that answers."""
    url = services.URLS["redis"]
    settings.CACHES = {"default": {**cache_from_url(url), "KEY_PREFIX": uuid4().hex}}
    return caches["default"]


@pytest.fixture
def client_of_ann(user: Any, file_engine: None) -> Client:
    """Return a client that is logged in, on the file engine."""
    client = Client()
    client.force_login(user)
    return client


def identity_of(user: Any) -> Identity:
    row = LoginSession.objects.get(user=user)
    return Identity(row.pk, str(user.pk), registered=True)


def newest() -> UUID:
    return LoginSession.objects.latest("created_at").pk


def seen(session_id: UUID) -> str:
    return f"django_logout:seen:{session_id}"


@pytest.mark.parametrize("kind", ["locmem", "dummy"])
def test_a_cache_that_is_not_shared_is_never_trusted(
    settings: Any, client_of_ann: Client, user: Any, kind: str
) -> None:
    """Another process's ending would not be seen in it: whatever it says, the row is asked."""
    settings.CACHES = {"default": cache_from_url(f"{kind}://{uuid4().hex}")}
    identity = identity_of(user)
    forged = {f"django_logout:mark:{each}": "g" for each in (identity.id, status_cache.EVERYONE)}
    caches["default"].set_many({**forged, seen(identity.id): "g|g"})
    assert status_cache.shared_cache() is None
    registry.sessions().update(ended_at="2020-01-01T00:00Z")
    assert not status_cache.get_status(identity).active
    assert logged_in_as(client_of_ann) == ""


@pytest.mark.needs("redis")
def test_a_cache_of_its_own_can_be_named(settings: Any, redis: Any) -> None:
    """LOGOUT["CACHE_ALIAS"]: sessions in one cache, marks in another."""
    settings.CACHES = {**settings.CACHES, "here": cache_from_url("locmem://here")}
    settings.LOGOUT = {"CACHE_ALIAS": "here"}
    assert status_cache.shared_cache() is None
    settings.LOGOUT = {"CACHE_ALIAS": "default"}
    assert status_cache.shared_cache() is not None


@pytest.mark.needs("redis")
@pytest.mark.parametrize("manual", [False, True], ids=["atomic", "manual"])
def test_what_is_read_inside_a_transaction_is_not_told_to_others(
    redis: Any, client_of_ann: Client, user: Any, manual: bool
) -> None:
    """It may be read from a snapshot that is older than an ending."""
    identity = identity_of(user)
    redis.delete(seen(identity.id))
    with transaction.atomic() if not manual else manual_transaction():
        assert status_cache.get_status(identity).active
        assert redis.get(seen(identity.id)) is None
    assert status_cache.get_status(identity).active
    assert redis.get(seen(identity.id)) is not None


@contextlib.contextmanager
def manual_transaction() -> Any:
    """As projects have it that manage their transactions themselves."""
    transaction.set_autocommit(False)
    try:
        yield
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_a_cache_that_is_down_leaves_the_row_to_be_asked(
    settings: Any, client_of_ann: Client, user: Any
) -> None:
    """Logged in stays logged in, ended stays ended."""
    settings.CACHES = {"default": cache_from_url(DEAD)}
    assert logged_in_as(client_of_ann) == "ann"
    registry.sessions().update(ended_at="2020-01-01T00:00Z")
    assert logged_in_as(client_of_ann) == ""


def test_outage_of_cache_and_registry_is_503_and_keeps_the_cookie(
    settings: Any, client_of_ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is unknown, so the response is a 503, and no user has to log in again for it."""

    def down(*args: Any) -> Any:
        raise OperationalError("down")

    settings.CACHES = {"default": cache_from_url(DEAD)}
    with monkeypatch.context() as patch:
        patch.setattr(status, "get_status", down)
        with pytest.raises(SessionUnavailable):
            status_cache.get_status(identity_of(user))
        response = client_of_ann.get("/private/")
    assert response.status_code == 503
    assert "sessionid" not in response.cookies
    assert logged_in_as(client_of_ann) == "ann"


@pytest.mark.needs("django_redis")
@pytest.mark.parametrize("ignoring", [False, True], ids=["raises", "swallows"])
def test_an_ending_that_cannot_be_remembered_is_not_begun(
    settings: Any, client_of_ann: Client, user: Any, ignoring: bool
) -> None:
    """A dead cache, also with a client that is told to swallow its errors: nothing half done."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": DEAD,
            "OPTIONS": {"IGNORE_EXCEPTIONS": ignoring},
        }
    }
    with pytest.raises(SessionNotEnded):
        end_sessions(Target.user(user), reason=Reason.ADMIN)
    response = client_of_ann.post(LOGOUT)
    assert response.status_code == 503
    assert "sessionid" not in response.cookies
    assert not LogoutEvent.objects.exists()
    assert registry.sessions().get().ended_at is None
    assert logged_in_as(client_of_ann) == "ann"


@pytest.mark.needs("redis")
def test_a_cache_that_fails_after_the_commit_makes_the_ending_incomplete(
    redis: Any, client_of_ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ended in the registry, but a reader's memory may stand: so it says no, and again is yes."""
    assert logged_in_as(client_of_ann) == "ann"
    with monkeypatch.context() as patch:
        patch.setattr(type(redis), "delete_many", fail)
        with pytest.raises(SessionNotEnded):
            end_sessions(Target.user(user), reason=Reason.ADMIN)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert logged_in_as(client_of_ann) == ""
    assert redis.get(f"django_logout:mark:{registry.sessions().get().pk}").startswith(
        status_cache.ENDED
    )


@pytest.mark.needs("redis")
@pytest.mark.parametrize(
    "first", [Target.user, lambda user: Target.session(newest())], ids=["user", "session"]
)
@pytest.mark.parametrize(
    "then",
    [
        Target.user,
        lambda user: Target.users(type(user).objects.filter(pk=user.pk)),
        lambda user: Target.sessions(LoginSession.objects.values_list("pk", flat=True)),
        lambda user: Target.sessions(list(LoginSession.objects.values_list("pk", flat=True))),
    ],
    ids=["user", "users", "asked", "listed"],
)
def test_the_next_ending_makes_good_what_the_cache_did_not_take(
    redis: Any,
    client_of_ann: Client,
    user: Any,
    monkeypatch: pytest.MonkeyPatch,
    first: Any,
    then: Any,
) -> None:
    """It is complete only if what had ended before is refused as well; and keeps its reason."""
    assert logged_in_as(client_of_ann) == "ann"
    with monkeypatch.context() as patch:
        patch.setattr(type(redis), "delete_many", fail)
        with pytest.raises(SessionNotEnded):
            end_sessions(first(user), reason=Reason.ADMIN)
    assert logged_in_as(client_of_ann) == "ann"  # as a reader remembers it
    again = Client()
    again.force_login(user)
    assert end_sessions(then(user), reason=Reason.COMMAND).complete
    assert (logged_in_as(again), logged_in_as(client_of_ann)) == ("", "")
    mark = f"django_logout:mark:{registry.sessions().earliest('created_at').pk}"
    assert redis.get(mark) == f"{status_cache.ENDED}:{Reason.ADMIN}"


@pytest.mark.needs("redis")
def test_request_of_a_user_takes_one_cache_read(
    redis: Any, client_of_ann: Client, user: Any, django_assert_num_queries: Any
) -> None:
    """After one request has read the row, the next requests do not for a while."""
    identity = identity_of(user)
    assert status_cache.get_status(identity).active
    with django_assert_num_queries(0):
        assert status_cache.get_status(identity).active


def fail(*args: Any, **kwargs: Any) -> None:
    """Stand in for a method of a cache that is down."""
    raise ConnectionError


async def apage(request: HttpRequest) -> HttpResponse:
    """Return the name of the user, in the event loop."""
    return HttpResponse((await request.auser()).get_username())


async def test_under_asgi_a_cache_that_is_down_leaves_the_row_to_be_asked(
    settings: Any, user: Any, file_engine: None
) -> None:
    """The same, awaited."""
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)
    settings.CACHES = {"default": cache_from_url(DEAD)}
    assert (await client.get(OUT)).content == b"ann"
    await registry.sessions().aupdate(ended_at="2020-01-01T00:00Z")
    assert (await client.get(OUT)).content == b""


@pytest.mark.needs("redis")
@pytest.mark.parametrize("lost", ["add", "set"])
def test_a_cache_that_goes_down_between_two_steps_of_a_look_is_no_harm(
    redis: Any, client_of_ann: Client, user: Any, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """It answers first, and then takes no generation, or no memory of the row."""

    def down(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("down")

    session_id = identity_of(user).id  # clear() would empty the server for all
    marks = [f"django_logout:mark:{each}" for each in (session_id, status_cache.EVERYONE)]
    redis.delete_many([*marks, seen(session_id)])
    monkeypatch.setattr(type(redis), lost, down)
    assert logged_in_as(client_of_ann) == "ann"
    registry.sessions().update(ended_at="2020-01-01T00:00Z")
    assert logged_in_as(client_of_ann) == ""


@pytest.mark.needs("redis")
async def test_what_the_cache_knows_to_have_ended_is_refused_under_asgi(
    redis: Any, user: Any, settings: Any
) -> None:
    """Without a thread, and without a look at its age."""
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)
    assert (await client.get(OUT)).content == b"ann"
    await aend_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (await client.get(OUT)).content == b""


@pytest.mark.needs("redis")
def test_unregistered_id_is_refused_and_not_cached(redis: Any, user: Any) -> None:
    """A login whose transaction is not committed yet must not be refused for a day."""
    nobody = Identity(uuid4(), str(user.pk), registered=True)
    assert not status_cache.get_status(nobody).active
    assert not str(redis.get(f"django_logout:mark:{nobody.id}")).startswith(status_cache.ENDED)


def test_users_of_two_tenants_have_entries_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same primary key in another database, or in another schema, is another user."""
    connection, found = connections[registry.database()], {status_cache.user_key(1)}
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "another")
        found.add(status_cache.user_key(1))
    for schema in ("north", "south"):
        monkeypatch.setattr(connection, "schema_name", schema, raising=False)
        found |= {status_cache.user_key(1), status_cache.user_key(2)}
    assert len(found) == 6


@pytest.mark.needs("memcached")
@pytest.mark.parametrize("pk", ["Ann of the blanks", "ä" * 150, "a" * 250])
def test_users_whose_primary_key_is_no_key_of_a_cache(
    settings: Any, file_engine: None, pk: str
) -> None:
    """All of their sessions end nevertheless: memcached accepts neither blanks nor long keys."""
    url = services.URLS["memcached"]
    settings.CACHES = {"default": {**cache_from_url(url), "KEY_PREFIX": uuid4().hex}}
    assert status_cache.mark_ended([], Reason.ADMIN, user_pks=[pk])
