"""The proof of the cutoff cache: every order of the steps of readers, an ending and an unreliable
cache, on the engine that caches no session status."""

from collections.abc import Callable
from typing import Any

import pytest

from django_logout.guard import cutoff_cache, status_cache
from django_logout.sessions import cutoffs
from django_logout.sessions.caches import open_cache
from django_logout.sessions.cutoffs import LastCutoff
from tests.guard import test_status_cache_orders as gates
from tests.guard.test_status_cache_orders import (
    ROW,
    SESSION,
    STATE,
    STORE,
    becomes,
    evicts,
    stepped,
)
from tests.settings import ENGINES
from tests.steps import every_order, step

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["stepped"]

USER = 7
NEVER, THEN = LastCutoff(float("-inf")), LastCutoff(1000.5, "admin")


def entries() -> list[str]:
    """Return the keys of the user's entries."""
    return status_cache.keys(status_cache.user_key(USER))


@pytest.fixture
def on_db(stepped: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use an engine whose deletes are final, and read the last cutoff in one step."""

    def last_cut(user_pk: Any) -> LastCutoff:
        step()
        return NEVER if ROW["alive"] else THEN

    settings.SESSION_ENGINE = ENGINES["db"]
    monkeypatch.setattr(cutoffs, "last_cutoff_of", last_cut)


def reader() -> LastCutoff:
    """Read the cutoff, as a request with a token that names no session does."""
    return cutoff_cache.last_cutoff(USER)


def door(**how: Any) -> bool:
    """End all that the user has, whether or not there is a row of it."""
    ready = open_cache("default").is_writable()
    step()
    ROW["alive"] = not ready and ROW["alive"]
    return ready and status_cache.mark_ended([], "admin", **how)


def user_door() -> bool:
    """End one user."""
    return door(user_pks=[USER])


def everyones_door() -> bool:
    """End everyone."""
    return door(everyone=True)


def explore(tasks: dict[str, Callable[[], Any]], *, warm: bool) -> int:
    """Run every order, and return their number. Once the ending claims to be complete, the cache
    must not hold what is older."""

    def fresh() -> dict[str, Callable[[], Any]]:
        STORE.clear()
        STATE["mode"] = "up"
        ROW["alive"] = True
        if warm:
            STORE.update({entries()[0]: "g0", entries()[2]: "e0"})
        return tasks

    def check(results: dict[str, Any]) -> None:
        assert not any(isinstance(result, Exception) for result in results.values()), results
        entry = status_cache.cached_entry(STORE, status_cache.user_key(USER))
        remembered.append(entry is not None and cutoff_cache.decode_cutoff(entry) == NEVER)
        if results.get("door") is True:
            assert not remembered[-1]
            assert not ROW["alive"]

    remembered: list[bool] = []
    orders = sum(1 for _ in every_order(fresh, check))
    assert any(remembered)  # Otherwise no order put anything at risk.
    return orders


DOORS = pytest.mark.parametrize("ending", [user_door, everyones_door])


def test_no_order_of_two_readers_keeps_old_cutoff(on_db: None) -> None:
    """Both readers are slow, and one of them may write to the cache last."""
    tasks = {"door": user_door, "reader": reader, "other reader": reader}
    assert explore(tasks, warm=True) > 1000


@DOORS
def test_no_eviction_keeps_old_cutoff(on_db: None, ending: Callable[[], bool]) -> None:
    """The cache starts empty, where the reader takes its most steps."""
    tasks = {"door": ending, "reader": reader, "cache": evicts(*entries())}
    assert explore(tasks, warm=False) > 1000


@pytest.mark.parametrize(("mode", "warm"), [("down", False), ("swallowing", True)])
def test_no_outage_keeps_old_cutoff(on_db: None, mode: str, warm: bool) -> None:
    """With errors, or with a client that swallows errors: then no ending claims to be complete."""
    tasks = {"door": user_door, "reader": reader, "cache": becomes(mode)}
    assert explore(tasks, warm=warm) > 500


def test_no_eviction_keeps_old_status_of_token_session(on_db: None) -> None:
    """This engine caches no status of browser sessions, but that of token sessions."""
    tasks = {"door": gates.door, "reader": gates.reader, "cache": evicts(*gates.KEYS)}
    assert gates.explore(tasks, warm=False) > 1000
    assert SESSION.registered


def test_simpler_protocol_fails(on_db: None) -> None:
    """It reads the generations after the database."""

    def hasty_reader() -> None:
        cut = cutoffs.last_cutoff_of(USER)
        step()
        STORE[entries()[1]] = f"{STORE[entries()[0]]}|{STORE[entries()[2]]}|{cut.at}|{cut.reason}"

    with pytest.raises(AssertionError):
        explore({"door": user_door, "reader": hasty_reader}, warm=True)
