from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django_logout.utils.bounded import BoundedDict


def test_drops_the_oldest_entries() -> None:
    memory: BoundedDict[str, int] = BoundedDict(maxsize=2)
    memory["a"] = memory["b"] = 1
    memory["a"] = 2
    memory["c"] = 3
    assert memory == {"b": 1, "c": 3}


def test_holds_its_bound_under_threads() -> None:
    memory: BoundedDict[int, int] = BoundedDict(maxsize=3)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: memory.__setitem__(number, number), range(10_000)))
    assert len(memory) == 3
