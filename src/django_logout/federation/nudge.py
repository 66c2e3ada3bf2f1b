"""Have deliveries begin soon after the commit, never in the request.

A task does it where the project has a queue, and enqueues another for each try that has to be made
later. The thread of this process does it elsewhere, and what the queue has lost. All are only a nudge:
what they miss is delivered by the next one, or by ``manage.py logout deliver``.
"""

import logging
from datetime import datetime
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
#: How late a delivery is, in seconds, that the queue has lost, or no worker is there for.
LATE = 60.0
#: How long a task lasts, in seconds, before another one goes on. Queues end those that last long.
TASK_SECONDS = 60.0
#: How long a command waits for the thread before it ends, in seconds: longer than one try takes.
FINISH_SECONDS = 10.0
#: How often a request or a command that waits looks, in seconds.
LOOK = 0.05


@task
def deliver_logouts() -> None:
    """Deliver the logouts that are due, and have later tasks make later tries."""
    found = sender.Sender(seconds=TASK_SECONDS)
    found.run()
    for due_at in found.due_again:
        enqueue(due_at)
    if not found.is_done:
        enqueue()


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
    """Begin what is due: by a task, whose work the thread looks after, or else by the thread."""
    worker.start(at_once=not enqueue())


def enqueue(run_after: datetime | None = None) -> bool:
    """Enqueue a task that delivers. Return false if there is no queue that takes it."""
    if not is_deferred(deliver_logouts):
        return False
    if run_after and not deliver_logouts.get_backend().supports_defer:
        return False
    try:
        (deliver_logouts.using(run_after=run_after) if run_after else deliver_logouts).enqueue()
    except Exception:
        logger.exception("The queue takes no task; a thread delivers.")
        return False
    return True


def wait_for(event_id: UUID, seconds: float) -> None:
    """Wait until each delivery of an ending was tried, and no longer than so many seconds."""
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        is_open = Q(tries=0) | Q(leased_until__gt=timezone.now())
        waiting = deliveries().filter(is_open, event_id=event_id, state=Delivery.State.WAITING)
        if not waiting.exists():
            return
        sleep(LOOK)


def finish() -> None:
    """Wait until the thread has tried what is due, since it ends with the process."""
    worker.finish(FINISH_SECONDS)


class Worker:
    """The thread of this process, which lives as long as anything is waiting.

    Where a queue delivers, it leaves alone what is not late.
    """

    def __init__(self) -> None:
        self._lock, self._wake = Lock(), Event()
        self._is_nudged = self._is_delivering = False
        self._thread: Thread | None = None

    def start(self, *, at_once: bool = True) -> None:
        """Start the thread if it is not there, and with ``at_once`` have it deliver now.

        It is not there in a process that was forked off.
        """
        with self._lock:
            self._is_nudged = True
            if at_once:
                self._wake.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="logout-deliveries", daemon=True)
                self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait until nothing is waiting any more."""
        if (thread := self._thread) is not None:
            thread.join(timeout)

    def finish(self, seconds: float) -> None:
        """Wait until it has delivered what it was nudged for, and no longer than so many seconds."""
        deadline = monotonic() + seconds
        while self._is_at_work() and monotonic() < deadline:
            sleep(LOOK)

    def _is_at_work(self) -> bool:
        is_alive = self._thread is not None and self._thread.is_alive()
        return is_alive and (self._wake.is_set() or self._is_delivering)

    def _run(self) -> None:
        seconds: float | None = None
        while True:
            at_once = self._wake.wait(LATE if seconds is None else seconds)
            with self._lock:
                self._is_nudged, self._is_delivering = False, True
                self._wake.clear()
            seconds = self._deliver(at_once)
            with self._lock:
                self._is_delivering = False
                if seconds is None and not self._is_nudged:
                    self._thread = None
                    return

    def _deliver(self, at_once: bool) -> float | None:
        """Deliver, and return how long to sleep; ``None`` if nothing is waiting."""
        try:
            seconds = _seconds_left()
            if seconds is not None and (at_once or seconds <= 0):
                sender.deliver()
                seconds = _seconds_left()
        except Exception:
            logger.exception("Deliveries of logouts have stopped. They go on in a minute.")
            return LONGEST_SLEEP
        finally:
            connections.close_all()
        return None if seconds is None else min(max(seconds, SHORTEST_SLEEP), LONGEST_SLEEP)


def _seconds_left() -> float | None:
    """Return how long the thread can wait until it has to deliver; ``None`` if nothing is waiting."""
    due = sender.next_due()
    if due is None:
        return None
    seconds = (due - timezone.now()).total_seconds()
    return seconds + LATE if is_deferred(deliver_logouts) else seconds


worker = Worker()
