"""The gate's proof: every order of what readers, an ending and an unreliable cache do."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.redis import RedisCache

from django_logout.guard import status_cache
from django_logout.sessions import status
from django_logout.sessions.caches import OpenCache, open_cache
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from tests import services
from tests.settings import ENGINES
from tests.steps import every_order, step

#: Autocommit, since readers cache nothing that they have read in a transaction.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exhaustive]

STORE: dict[str, Any] = {}
STATE = {"mode": "up"}
ROW = {"alive": True}
SESSION = Identity(uuid4(), "1", registered=True)
#: What the cache holds of it while it is active.
SEEN_ACTIVE = f"{status_cache.ACTIVE}:{SESSION.user_id}"


class SteppedCache(BaseCache):
    """A cache that all processes share and that is unreliable on demand; a step per key."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        step()
        return default if self._gone() else STORE.get(key, default)

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        step()
        if not self._gone():
            STORE[key] = value

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        step()
        if self._gone() or key in STORE:
            return False
        STORE[key] = value
        return True

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        step()
        return {} if self._gone() else {key: STORE[key] for key in keys if key in STORE}

    def _gone(self) -> bool:
        if STATE["mode"] == "down":
            raise ConnectionError("down")
        return STATE["mode"] == "swallowing"  # as clients do that are told to ignore errors


class SteppedRedis(RedisCache):
    """The real one."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super().get(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super().set(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super().add(*args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super().get_many(*args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        step()
        return super().delete_many(*args, **kwargs)


@pytest.fixture
def stepped(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate on the cache above, and a row that is read and ended in one step each."""

    def standing(identity: Identity) -> SessionStatus:
        step()
        return SessionStatus(ROW["alive"], "unknown" if ROW["alive"] else "user")

    settings.SESSION_ENGINE = ENGINES["cache"]
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.SteppedCache"}}
    monkeypatch.setattr(status_cache.logger, "disabled", True)  # thousands of outages
    monkeypatch.setattr(status, "get_status", standing)
    monkeypatch.setattr(OpenCache, "is_writable", lambda cache: STATE["mode"] == "up")


def mark(session_id: UUID | str) -> str:
    return f"django_logout:mark:{session_id}"


SEEN = f"django_logout:seen:{SESSION.id}"
KEYS = (mark(SESSION.id), mark(status_cache.EVERYONE), SEEN)


def reader() -> SessionStatus:
    """A request, as far as it concerns the gate."""
    return status_cache.get_status(SESSION)


def door() -> bool:
    """An ending of this session; whether it claims to be complete."""
    ready = open_cache("default").is_writable()
    step()
    ROW["alive"] = not ready and ROW["alive"]
    return ready and status_cache.mark_ended([SESSION.id], "user")


def door_for_everyone() -> bool:
    """An ending of all sessions, which lists none."""
    ready = open_cache("default").is_writable()
    step()
    ROW["alive"] = not ready and ROW["alive"]
    return ready and status_cache.mark_ended([], "user", everyone=True)


def evicts(*keys: str) -> Callable[[], None]:
    """Something that makes the cache forget."""

    def lose() -> None:
        step()
        for key in keys:
            STORE.pop(key, None)

    return lose


def becomes(mode: str) -> Callable[[], None]:
    """An outage of the cache, from some step to some later one."""

    def outage() -> None:
        step()
        STATE["mode"] = mode
        step()
        STATE["mode"] = "up"

    return outage


def explore(tasks: dict[str, Callable[[], Any]], *, warm: bool) -> int:
    """Run every order; from the step on at which the ending says that it is complete, what the
    cache holds must not amount to "alive". Gives the number of orders."""

    def fresh() -> dict[str, Callable[[], Any]]:
        STORE.clear()
        STATE["mode"] = "up"
        ROW["alive"] = True
        if warm:
            STORE.update({mark(SESSION.id): "g0", mark(status_cache.EVERYONE): "e0"})
        return tasks

    server = open_cache("default").server

    def check(results: dict[str, Any]) -> None:
        assert not any(isinstance(result, Exception) for result in results.values()), results
        remembered.append(status_cache.cached_entry(STORE, SESSION.id, server.name) == SEEN_ACTIVE)
        if results.get("door") is True:
            assert not remembered[-1]
            assert not ROW["alive"]

    remembered: list[bool] = []
    orders = sum(1 for _ in every_order(fresh, check))
    assert any(remembered)  # else nothing has been at stake
    return orders


DOORS = pytest.mark.parametrize("ending", [door, door_for_everyone])


@DOORS
def test_no_order_of_two_readers_and_an_ending_lets_a_later_reader_in(
    stepped: None, ending: Callable[[], bool]
) -> None:
    """Both readers are slow, and one of them may be so slow as to remember last."""
    tasks = {"door": ending, "reader": reader, "other reader": reader}
    assert explore(tasks, warm=True) > 1000


@DOORS
@pytest.mark.parametrize(
    "lost",
    [(), KEYS, *((key,) for key in KEYS)],
    ids=["nothing", "flush", "mark", "generation of everyone", "seen"],
)
def test_no_loss_of_the_cache_lets_a_later_reader_in(
    stepped: None, ending: Callable[[], bool], lost: tuple[str, ...]
) -> None:
    """From an empty cache, where the reader takes its most steps: evicted, flushed, restarted."""
    tasks = {"door": ending, "reader": reader, "cache": evicts(*lost)}
    assert explore(tasks, warm=False) > 1000


@DOORS
def test_two_losses_of_the_cache_let_no_later_reader_in(
    stepped: None, ending: Callable[[], bool]
) -> None:
    """A restart, and an eviction some time later."""
    tasks = {"door": ending, "reader": reader, "one": evicts(*KEYS), "two": evicts(KEYS[0])}
    assert explore(tasks, warm=True) > 1000


@DOORS
@pytest.mark.parametrize("mode", ["down", "swallowing"])
def test_no_outage_of_the_cache_lets_a_later_reader_in(
    stepped: None, ending: Callable[[], bool], mode: str
) -> None:
    """With errors, or with errors that the client swallows: then no ending claims to be complete."""
    tasks = {"door": ending, "reader": reader, "cache": becomes(mode)}
    assert explore(tasks, warm=True) > 300


@DOORS
def test_no_restart_from_a_snapshot_lets_a_later_reader_in(
    stepped: None, ending: Callable[[], bool]
) -> None:
    """The server holds again what it held at some earlier step, and has another name."""

    def restart() -> None:
        step()
        snapshot = dict(STORE)
        step()
        STORE.clear()
        STORE.update(snapshot)
        server = open_cache("default").server
        server.name = f"{server.name}x"

    tasks = {"door": ending, "reader": reader, "restart": restart}
    assert explore(tasks, warm=True) > 300


def test_two_endings_of_a_session_let_no_later_reader_in(stepped: None) -> None:
    """Two tabs: whichever of them says so is right."""
    tasks = {"door": door, "other door": door, "reader": reader}
    assert explore(tasks, warm=True) > 1000


def test_a_simpler_protocol_has_a_hole_and_the_search_finds_it(stepped: None) -> None:
    """One ``alive`` entry written by ``add``: lost between the ending's set and the add."""

    def simple_reader() -> None:
        cache = caches["default"]
        if cache.get(KEYS[0]) is None and status.get_status(SESSION).active:
            cache.add(KEYS[0], "g0")

    def simple_door() -> bool:
        step()
        ROW["alive"] = False
        caches["default"].set(KEYS[0], "ended")
        return True

    STORE.update({mark(status_cache.EVERYONE): "e0"})
    tasks = {"door": simple_door, "reader": simple_reader, "cache": evicts(KEYS[0])}
    told: list[bool] = []

    def fresh() -> dict[str, Callable[[], Any]]:
        STORE.clear()
        ROW["alive"] = True
        return tasks

    def check(results: dict[str, Any]) -> None:
        told.append(results.get("door") is True and STORE.get(KEYS[0]) == "g0")

    assert list(every_order(fresh, check))
    assert any(told)


@pytest.fixture
def redis(settings: Any, stepped: None) -> Iterator[Any]:
    """The same on a real server."""
    where = {"BACKEND": f"{__name__}.SteppedRedis", "LOCATION": services.URLS["redis"]}
    settings.CACHES = {"default": {**where, "KEY_PREFIX": uuid4().hex}}
    cache = caches["default"]
    yield cache
    cache.delete_many(KEYS)


@DOORS
@pytest.mark.needs("redis")
@pytest.mark.parametrize("lost", [(), KEYS], ids=["nothing", "flush"])
def test_real_redis_behaves_like_the_model(
    redis: Any, ending: Callable[[], bool], lost: tuple[str, ...]
) -> None:
    """What the model says of a cache is so."""

    def lose() -> None:
        step()
        redis.delete_many(lost)

    def fresh() -> dict[str, Callable[[], Any]]:
        ROW["alive"] = True
        redis.delete_many(KEYS)
        redis.set_many({mark(SESSION.id): "g0", mark(status_cache.EVERYONE): "e0"})
        return {"door": ending, "reader": reader, **({"cache": lose} if lost else {})}

    def check(results: dict[str, Any]) -> None:
        if results.get("door") is True:
            found = RedisCache.get_many(redis, KEYS)
            assert status_cache.cached_entry(found, SESSION.id) != SEEN_ACTIVE

    assert sum(1 for _ in every_order(fresh, check)) >= 15
