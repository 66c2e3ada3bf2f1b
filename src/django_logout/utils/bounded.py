"""A dict of bounded size, for what a process remembers of sessions."""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

K = TypeVar("K")
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
