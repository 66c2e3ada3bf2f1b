"""Have deliveries begin soon after the commit, never in the request.

A task does it where the project has a queue, and else a thread of this process. Both are only a
nudge: what they miss is delivered by the next one, or by ``manage.py logout deliver``.
"""

import logging
from threading import Event, Lock, Thread
from time import monotonic, sleep
from uuid import UUID

from django.db import connections
from django.db.models import Q
from django.utils import timezone

from django_logout.conf import as_timedelta, logout_settings
from django_logout.federation import sender
from django_logout.federation.models import Delivery
from django_logout.federation.outbox import deliveries
from django_logout.notifications.tasks import is_deferred, task

logger = logging.getLogger("django_logout.federation")

#: The longest and the shortest sleep of the thread while something is waiting, in seconds.
LONGEST_SLEEP, SHORTEST_SLEEP = 60.0, 1.0
#: How often a request that waits looks, in seconds.
LOOK = 0.05


@task
def deliver_logouts() -> None:
    """Deliver the logouts that are due."""
    sender.deliver()


def nudge(event_id: UUID, *, wait: bool) -> None:
    """Have the deliveries of an ending begun, and with ``wait`` also wait for them, as long as
    ``WAIT_FOR_CLIENTS`` says. Nothing is raised, since the sessions have ended."""
    try:
        if logout_settings().DELIVERY != "command":
            begin()
        seconds = as_timedelta(logout_settings().WAIT_FOR_CLIENTS).total_seconds()
        if wait and seconds > 0:
            wait_for(event_id, seconds)
    except Exception:
        logger.exception("Deliveries of logouts could not be begun. They will be, by the next one.")


def begin() -> None:
    """Begin what is due, by a task or by the thread of this process."""
    if is_deferred(deliver_logouts):
        try:
            deliver_logouts.enqueue()
        except Exception:
            logger.exception("The queue takes no task; a thread delivers.")
        else:
            return
    worker.start()


def wait_for(event_id: UUID, seconds: float) -> None:
    """Wait until each delivery of an ending was tried, and no longer than so many seconds."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        is_open = Q(tries=0) | Q(leased_until__gt=timezone.now())
        waiting = deliveries().filter(is_open, event_id=event_id, state=Delivery.State.WAITING)
        if not waiting.exists():
            return
        sleep(LOOK)


class Worker:
    """The thread of this process that delivers, as long as anything is waiting."""

    def __init__(self) -> None:
        self._lock, self._wake = Lock(), Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Wake the thread, or start it. It is not there in a process that was forked off."""
        with self._lock:
            self._wake.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="logout-deliveries", daemon=True)
                self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait until nothing is waiting any more."""
        if (thread := self._thread) is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            seconds = self._deliver()
            with self._lock:
                if seconds is None and not self._wake.is_set():
                    self._thread = None
                    return
            self._wake.wait(seconds or 0)

    def _deliver(self) -> float | None:
        """Deliver, and return how long to sleep; ``None`` if nothing is waiting."""
        try:
            sender.deliver()
            due = sender.next_due()
        except Exception:
            logger.exception("Deliveries of logouts have stopped. They go on in a minute.")
            return LONGEST_SLEEP
        finally:
            connections.close_all()
        if due is None:
            return None
        wait = (due - timezone.now()).total_seconds()
        return min(max(wait, SHORTEST_SLEEP), LONGEST_SLEEP)


worker = Worker()
