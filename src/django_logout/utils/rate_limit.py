"""Limit how often a process does something that clients can cause, such as writing to the log."""

from threading import Lock
from time import monotonic


class RateLimit:
    """Admits the first ``count`` calls of each period of so many ``seconds``."""

    def __init__(self, *, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew, as if there had been no calls."""
        self._ends, self._admitted, self._refused = 0.0, 0, 0

    def admit(self) -> int | None:
        """Return how many calls were refused since the last that was not, or ``None`` if this one is
        refused too."""
        with self._lock:
            now = monotonic()
            if now >= self._ends:
                self._ends, self._admitted = now + self._seconds, 0
            if self._admitted >= self._count:
                self._refused += 1
                return None
            self._admitted += 1
            refused, self._refused = self._refused, 0
            return refused
