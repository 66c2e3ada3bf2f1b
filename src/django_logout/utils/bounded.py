"""Memory of a bounded size: a dict for a process, and batches of long lists and tables."""

from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from typing import Any, TypeVar

from django.db.models import QuerySet

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")


class BoundedDict(dict[K, V]):
    """A dict that drops its oldest entries beyond ``maxsize``.

    Only assignment by key is bounded and safe between threads.
    """

    def __init__(self, maxsize: int = 10_000) -> None:
        super().__init__()
        self.maxsize, self._lock = maxsize, Lock()

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock:
            super().__setitem__(key, value)
            while len(self) > self.maxsize:
                del self[next(iter(self))]


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most ``size``.

    ``itertools.batched`` does the same, from Python 3.12 on.
    """
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def batched_rows(rows: QuerySet[Any], *fields: str, size: int) -> Iterator[list[Any]]:
    """Yield tuples of the primary key and these fields, in the order of the primary key.

    Each batch is a query of its own, which starts after the last key of the batch before. So the
    caller can delete or change rows while it iterates, and no cursor stays open.
    """
    values = rows.order_by("pk").values_list("pk", *fields)
    batch = list(values[:size])
    while batch:
        yield batch
        batch = list(values.filter(pk__gt=batch[-1][0])[:size])
