"""The gate's proof for tokens: every order of what readers, an ending and an unreliable cache do,
on the engine on which nothing is remembered of sessions."""

from collections.abc import Callable
from typing import Any

import pytest

from django_logout.guard import cutoff_cache, status_cache
from django_logout.sessions import cutoffs
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
from tests.interleavings import every_order, step
from tests.settings import ENGINES

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["stepped"]

USER = 7
NEVER, THEN = LastCutoff(float("-inf")), LastCutoff(1000.5, "admin")
KEYS = tuple(status_cache.keys(status_cache.user_key(USER)))


@pytest.fixture
def on_db(stepped: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose deletes are final; and the moment of the last ending, read in one step."""

    def last_cut(user_pk: Any) -> LastCutoff:
        step()
        return NEVER if ROW["alive"] else THEN

    settings.SESSION_ENGINE = ENGINES["db"]
    monkeypatch.setattr(cutoffs, "last_cutoff_of", last_cut)


def reader() -> LastCutoff:
    """A request with a token that no row knows."""
    return cutoff_cache.last_cutoff(USER)


def door(**how: Any) -> bool:
    """An ending of all that the user has, whether or not there is a row of it."""
    ready = status_cache.can_write()
    step()
    ROW["alive"] = not ready and ROW["alive"]
    return ready and status_cache.mark_ended([], "admin", **how)


def user_door() -> bool:
    """Of the user's."""
    return door(user_pks=[USER])


def everyones_door() -> bool:
    """Of everybody's."""
    return door(everyone=True)


def explore(tasks: dict[str, Callable[[], Any]], *, warm: bool) -> int:
    """Run every order; from the step on at which the ending says that it is complete, what the
    cache holds must not be from before it. Gives the number of orders."""

    def fresh() -> dict[str, Callable[[], Any]]:
        STORE.clear()
        STATE["mode"] = "up"
        ROW["alive"] = True
        if warm:
            STORE.update({KEYS[0]: "g0", KEYS[2]: "e0"})
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
    assert any(remembered)  # else nothing has been at stake
    return orders


DOORS = pytest.mark.parametrize("ending", [user_door, everyones_door])


def test_no_order_of_two_readers_and_an_ending_believes_what_was_before(on_db: None) -> None:
    """Both readers are slow, and one of them may be so slow as to remember last."""
    tasks = {"door": user_door, "reader": reader, "other reader": reader}
    assert explore(tasks, warm=True) > 1000


@DOORS
def test_nor_does_a_loss_at_any_step(on_db: None, ending: Callable[[], bool]) -> None:
    """From an empty cache, where the reader takes its most steps."""
    tasks = {"door": ending, "reader": reader, "cache": evicts(*KEYS)}
    assert explore(tasks, warm=False) > 1000


@pytest.mark.parametrize(("mode", "warm"), [("down", False), ("swallowing", True)])
def test_nor_does_an_outage_from_any_step_to_any_other(on_db: None, mode: str, warm: bool) -> None:
    """With errors, or with errors that the client swallows: then nobody claims completeness."""
    tasks = {"door": user_door, "reader": reader, "cache": becomes(mode)}
    assert explore(tasks, warm=warm) > 500


def test_the_same_for_the_login_of_a_token_on_this_engine(on_db: None) -> None:
    """Of whose sessions nobody asks the cache: of its tokens everybody does."""
    tasks = {"door": gates.door, "reader": gates.reader, "cache": evicts(*gates.KEYS)}
    assert gates.explore(tasks, warm=False) > 1000
    assert SESSION.registered


def test_a_simpler_protocol_has_a_hole_and_the_search_finds_it(on_db: None) -> None:
    """Generations that are taken after the database was asked."""

    def hasty_reader() -> None:
        cut = cutoffs.last_cutoff_of(USER)
        step()
        STORE[KEYS[1]] = f"{STORE[KEYS[0]]}|{STORE[KEYS[2]]}|{cut.at}|{cut.reason}"

    with pytest.raises(AssertionError):
        explore({"door": user_door, "reader": hasty_reader}, warm=True)
