"""Opening a cache on its primary. ``tests/races/test_redis_restores.py`` does so on real servers."""

from typing import Any
from uuid import uuid4

import pytest
import redis
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.test import Client
from django.utils import timezone

from django_logout.guard import prefetch, status_cache
from django_logout.models import LoginSession
from django_logout.sessions import caches as shared
from django_logout.sessions.caches import Server, _ask_name, open_cache, places_of
from tests import services
from tests.backends import cache_from_url
from tests.clients import logged_in_as
from tests.settings import ENGINES

PRIMARY, REPLICA = "redis://127.0.0.1:1/0", "redis://127.0.0.1:2/0"
DJANGO = "django.core.cache.backends.redis.RedisCache"
DJANGO_REDIS = "django_redis.cache.RedisCache"
pytestmark = pytest.mark.needs("redis", "django_redis", "pymemcache")
MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"


@pytest.fixture(autouse=True)
def _no_servers_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know of no server what another test has found out."""
    monkeypatch.setattr(shared, "_servers", {})


def use(settings: Any, backend: str, location: Any, **options: Any) -> Any:
    """Open a cache with these settings."""
    found: dict[str, Any] = {"BACKEND": backend, "LOCATION": location, "OPTIONS": options}
    settings.CACHES = {"default": found}
    return open_cache("default")


@pytest.mark.parametrize(
    "location", [PRIMARY, [PRIMARY, REPLICA], f"{PRIMARY},{REPLICA}"], ids=["one", "list", "text"]
)
@pytest.mark.parametrize("backend", [DJANGO, DJANGO_REDIS])
def test_the_primary_alone_is_opened(settings: Any, backend: str, location: Any) -> None:
    """And the object of the project is left as it is."""
    cache = use(settings, backend, location)
    assert cache.backend is not caches["default"]
    addresses = vars(cache.backend)["_servers" if backend == DJANGO else "_server"]
    assert addresses == [PRIMARY if backend == DJANGO else f"{PRIMARY}#django_logout:default"]
    assert cache.raises
    assert open_cache("default") is cache


@pytest.mark.parametrize("backend", [DJANGO, DJANGO_REDIS])
def test_one_client_serves_all_calls(
    settings: Any, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """To make one takes redis-py longer than a call; Django makes one for each."""
    cache, made = use(settings, backend, services.URLS["redis"]), []
    make = redis.Redis.__init__

    def count(client: Any, *args: Any, **kwargs: Any) -> None:
        made.append(client)
        make(client, *args, **kwargs)

    cache.get_many(["a"])
    monkeypatch.setattr(redis.Redis, "__init__", count)
    cache.get_many(["a", "b"])
    cache.delete(["a", "b"])
    assert cache.is_writable()
    assert not made


@pytest.mark.parametrize(
    ("backend", "location", "options"),
    [
        (MEMCACHED, ["127.0.0.1:1", "127.0.0.1:2"], {}),
        (MEMCACHED, "127.0.0.1:1;127.0.0.1:2", {}),
        (DJANGO_REDIS, [PRIMARY], {"CLIENT_CLASS": "django_redis.client.ShardClient"}),
    ],
)
def test_several_primaries_are_known_by_the_settings(
    settings: Any, backend: str, location: Any, options: dict[str, Any]
) -> None:
    """Keys lie on one of them each."""
    assert use(settings, backend, location, **options).server.spread


class Cluster(RedisCacheClient):
    """Makes its own clients, of its own class."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._client.from_url(self._servers[0])


class OwnClients(RedisCache):
    """A project's cache, none of whose names tells that its clients are those of a cluster."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._class = type("Clients", (Cluster,), {})


class RedisClusterCache(RedisCache):
    """A project's cache, whose name tells it."""


@pytest.mark.parametrize(
    ("backend", "options"),
    [
        (f"{__name__}.RedisClusterCache", {}),
        (DJANGO, {"pool_class": "project.ClusterPool"}),
        (DJANGO_REDIS, {"CONNECTION_FACTORY": "django_redis.pool.ConnectionFactory"}),
    ],
)
def test_a_cluster_is_known_by_the_names_of_classes(
    settings: Any, backend: str, options: dict[str, Any]
) -> None:
    """Whichever setting names the class."""
    if backend == DJANGO_REDIS:
        settings.DJANGO_REDIS_CONNECTION_FACTORY = "project.RedisClusterConnectionFactory"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": PRIMARY, "OPTIONS": options}}
    assert open_cache("default").server.spread


def test_what_a_project_makes_its_clients_of_is_left_alone(settings: Any) -> None:
    """A class has more than a call: a client may be made from a URL."""
    cache = use(settings, f"{__name__}.OwnClients", services.URLS["redis"])
    cache.backend.set("a", 1)
    assert cache.get_many(["a"]) == {"a": 1}


class SilentPool(redis.ConnectionPool):
    """A pool of a project's own, which takes no more from the settings than the address."""

    @classmethod
    def from_url(cls, url: str, **kwargs: Any) -> Any:
        return super().from_url(url)


SILENT = {"pool_class": f"{__name__}.SilentPool"}


def test_a_client_that_cannot_be_asked_is_not_relied_on(settings: Any, caplog: Any) -> None:
    """It knows no server by its name, so a restart would not be noticed. The log says so once."""
    cache = use(settings, DJANGO, services.URLS["redis"], **SILENT)
    for _ in range(2):
        assert cache.read_status(["a", "b"]) is None
    assert cache.server.spread
    assert len([each for each in caplog.records if "cannot be noticed" in each.message]) == 1
    assert open_cache("default").backend is caches["default"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True], ids=["after the session", "with it"])
def test_what_was_stored_does_not_count_if_a_client_cannot_be_asked(
    settings: Any, user: Any, known: bool
) -> None:
    """Not even in the first request of a process."""
    settings.SESSION_ENGINE = ENGINES["cached_db"]
    use(settings, DJANGO, services.URLS["redis"])
    client = Client()
    client.force_login(user)
    assert logged_in_as(client) == logged_in_as(client) == "ann"
    shared._servers.clear()
    use(settings, DJANGO, services.URLS["redis"], **SILENT)
    if not known:
        prefetch._ids.clear()
    LoginSession.objects.update(ended_at=timezone.now())
    assert logged_in_as(client) == ""


def test_what_is_spread_is_read_and_deleted_key_by_key(settings: Any) -> None:
    """No call is about two keys."""
    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    cache, calls = open_cache("default"), []
    cache.server.spread = True
    for name in ("get_many", "delete_many"):
        setattr(cache.backend, name, lambda *args, **kwargs: calls.append(args))
    caches["default"].set("a", 1)
    assert cache.get_many(["a", "b"]) == {"a": 1}
    cache.delete(["a", "b"])
    assert cache.get_many(["a", "b"]) == {}
    assert not calls


def test_a_read_that_fails_for_another_reason_raises(settings: Any) -> None:
    """It is an outage."""
    cache = use(settings, DJANGO, PRIMARY)
    with pytest.raises(Exception, match="refused"):
        cache.get_many(["a", "b"])
    assert not cache.server.spread


def test_places_are_separated_as_django_does() -> None:
    """By commas or semicolons, or in a list."""
    assert places_of("a;b,c") == places_of(["a", "b", "c"]) == ["a", "b", "c"]


def test_an_error_in_code_is_no_outage(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised, whatever is asked."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise TypeError

    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    cache = open_cache("default")
    monkeypatch.setattr(cache.backend, "add", fail)
    with pytest.raises(TypeError):
        cache.is_writable()


def test_a_connection_that_breaks_while_it_is_opened_is_an_outage() -> None:
    """Only a server that refuses to be asked for its name is used without."""

    class Connection:
        def on_connect(self) -> None:
            pass

        def send_command(self, name: str) -> None:
            raise ConnectionError

    server = Server()
    with pytest.raises(ConnectionError):
        _ask_name(server, None, Connection())
    assert not server.name


@pytest.mark.parametrize(
    "text",
    [
        "CROSSSLOT Keys in request don't hash to the same slot",
        "Keys in request don't hash to the same slot",  # as redis-py has it
        "MGET - all keys must map to the same key slot",
    ],
)
def test_an_ending_needs_no_cache_that_turns_out_to_be_spread(
    settings: Any, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Nothing can be read from it either."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(text)

    settings.SESSION_ENGINE = ENGINES["cache"]
    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    monkeypatch.setattr(open_cache("default").backend, "set_many", fail)
    assert status_cache.mark_ended([uuid4()], "user")
    assert status_cache.shared_cache() is None


@pytest.mark.parametrize("kind", ["redis", "shared"])
def test_an_outage_whose_text_resembles_that_of_a_cluster_is_an_outage(
    settings: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The ending is not complete: other processes may read what the cache still holds."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConnectionError("The connection was removed from the pool, in the same slot.")

    settings.SESSION_ENGINE = ENGINES["cache"]
    url = services.URLS["redis"] if kind == "redis" else f"shared://{uuid4().hex}"
    settings.CACHES = {"default": cache_from_url(url)}
    backend = type(open_cache("default").backend)
    monkeypatch.setattr(backend, "delete_many" if kind == "redis" else "set_many", fail)
    assert not status_cache.mark_ended([uuid4()], "user")
    assert status_cache.shared_cache() is not None


@pytest.mark.parametrize("name", ["redis_mode", "server_mode"])
def test_the_server_says_that_it_is_one_of_a_cluster(name: str) -> None:
    """Valkey has another word for it than Redis."""

    class Connection:
        def on_connect(self) -> None:
            pass

        def send_command(self, name: str) -> None:
            pass

        def read_response(self) -> bytes:
            return f"run_id:abc\r\n{name}:cluster\r\n".encode()

    server = Server()
    _ask_name(server, None, Connection())
    assert (server.name, server.spread, server.asked) == ("abc", True, True)
