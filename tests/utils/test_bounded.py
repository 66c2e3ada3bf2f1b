"""A dict of a bounded size, and batches of lists and of tables."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_logout.utils.bounded import BoundedDict, batched, batched_rows
from tests.factories import make_crowd


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


@pytest.mark.parametrize(
    ("items", "batches"),
    [([], []), ([1], [[1]]), (range(4), [[0, 1], [2, 3]]), (iter("abc"), [["a", "b"], ["c"]])],
    ids=["none", "one", "full batches", "an iterator and a rest"],
)
def test_items_come_in_order_and_in_lists(items: Any, batches: list[Any]) -> None:
    """The last list holds the rest, and an empty one never comes."""
    assert list(batched(items, 2)) == batches


def test_rows_can_be_deleted_while_they_are_read(db: None) -> None:
    """A batch starts after the last key of the one before, not at an offset."""
    crowd = {user.pk: user.get_username() for user in make_crowd(5)}
    found: dict[Any, str] = {}
    sizes = []
    for batch in batched_rows(get_user_model().objects.all(), "username", size=2):
        sizes.append(len(batch))
        found.update(batch)
        get_user_model().objects.filter(pk__in=[pk for pk, _ in batch]).delete()
    assert (found, sizes) == (crowd, [2, 2, 1])
    assert list(found) == sorted(found)
