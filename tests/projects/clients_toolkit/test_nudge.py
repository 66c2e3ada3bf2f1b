"""How deliveries begin: soon after the commit, by a task or a thread, and never in the request."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.federation import nudge, sender
from django_logout.federation.models import Delivery
from django_logout.federation.nudge import deliver_logouts
from django_logout.notifications import tasks
from tests.clients import LOGOUT, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.test_sender import waiting
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun(monkeypatch: Any) -> list[bool]:
    """Whether deliveries have begun at once. The thread does not, since the tests' database is in memory."""
    found: list[bool] = []

    def start(at_once: bool) -> None:
        found.append(at_once)

    monkeypatch.setattr(nudge.worker, "start", start)
    return found


@pytest.fixture
def auto(settings: Any) -> None:
    """Deliver without a command."""
    settings.LOGOUT = {**settings.LOGOUT, "DELIVERY": "auto"}


class Queue:
    """A task of a queue."""

    def __init__(
        self, module: str = "queue", *, is_down: bool = False, defers: bool = True
    ) -> None:
        self.backend = type("Backend", (), {"__module__": module, "supports_defer": defers})()
        self.enqueued: list[Any] = []
        self.is_down, self.run_after = is_down, None

    def get_backend(self) -> Any:
        return self.backend

    def using(self, run_after: Any) -> Any:
        self.run_after = run_after
        return self

    def enqueue(self) -> None:
        if self.is_down:
            raise ConnectionError
        self.enqueued.append(self.run_after)
        self.run_after = None


def end_one(op: Toolkit, user: Any) -> None:
    """End a login with an application."""
    op.log_in(logged_in(user))
    end_sessions(Target.user(user))


@pytest.mark.usefixtures("auto")
def test_a_thread_begins_after_the_commit(
    op: Toolkit, user: Any, receiver: Receiver, begun: list[bool]
) -> None:
    """Only if an application has to hear."""
    end_one(op, user)
    assert begun == []
    tell(receiver, "shop")
    end_one(op, user)
    assert begun == [True]


def test_not_where_a_command_delivers(
    op: Toolkit, user: Any, receiver: Receiver, begun: list[bool]
) -> None:
    """The setting says so."""
    tell(receiver, "shop")
    end_one(op, user)
    assert begun == []
    assert Delivery.objects.get().state == "waiting"


@pytest.mark.parametrize(
    ("module", "is_down", "enqueued", "at_once"),
    [
        ("django_tasks_db.backend", False, 1, False),
        ("django_tasks_db.backend", True, 0, True),
        ("django.tasks.backends.immediate", False, 0, True),
        ("django_tasks.backends.immediate", False, 0, True),
        ("django.tasks.backends.dummy", False, 0, True),
    ],
)
def test_a_queue(
    begun: list[bool], monkeypatch: Any, module: str, is_down: bool, enqueued: int, at_once: bool
) -> None:
    """Where it runs tasks later, and takes them. A backend that runs them at once would hold up the request."""
    queue = Queue(module, is_down=is_down)
    monkeypatch.setattr(nudge, "deliver_logouts", queue)
    nudge.begin()
    assert (len(queue.enqueued), begun) == (enqueued, [at_once])


def run_task() -> None:
    """Do what the task does, whether this Django has tasks or not."""
    getattr(deliver_logouts, "func", deliver_logouts)()


@pytest.mark.parametrize("defers", [True, False])
def test_later_tries_are_tasks(
    op: Toolkit, receiver: Receiver, monkeypatch: Any, defers: bool
) -> None:
    """One for each time. A queue that takes no times leaves them to the thread."""
    queue = Queue(defers=defers)
    monkeypatch.setattr(nudge, "deliver_logouts", queue)
    receiver.status = 503
    for name in ("shop", "news"):
        op.register(name)
        tell(receiver, name)
        waiting(name)
    run_task()
    due = {row.due_at.replace(microsecond=0) for row in Delivery.objects.all()}
    assert set(queue.enqueued) == (due if defers else set())
    assert len(queue.enqueued) <= 2
    receiver.status = 200
    Delivery.objects.update(due_at=timezone.now())
    queue.enqueued.clear()
    run_task()
    assert (queue.enqueued, len(receiver.heard)) == ([], 4)


def test_task_that_lasts_long(op: Toolkit, receiver: Receiver, monkeypatch: Any) -> None:
    """Another one goes on after a minute, since queues end those that do not."""
    queue = Queue()
    monkeypatch.setattr(nudge, "deliver_logouts", queue)
    monkeypatch.setattr(nudge, "TASK_SECONDS", 0.0)
    op.register("shop")
    tell(receiver, "shop")
    waiting()
    run_task()
    assert queue.enqueued == [None]


def test_function_is_no_queue() -> None:
    """Before Django 6.0, a task is the function itself."""
    assert not tasks.is_deferred(len)


def test_the_task(op: Toolkit, receiver: Receiver) -> None:
    """It delivers."""
    op.register("shop")
    tell(receiver, "shop")
    waiting()
    run_task()
    assert len(receiver.heard) == 1


@pytest.mark.usefixtures("auto")
def test_error_of_the_nudge_stops_no_logout(
    op: Toolkit, user: Any, receiver: Receiver, monkeypatch: Any, caplog: Any
) -> None:
    """The sessions have ended, and the rows are there."""

    def fail(at_once: bool) -> None:
        raise RuntimeError

    monkeypatch.setattr(nudge.worker, "start", fail)
    tell(receiver, "shop")
    op.log_in(logged_in(user))
    result = end_sessions(Target.user(user))
    assert result.complete
    assert "could not be begun" in caplog.text
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("auto")
def test_logout_that_waits(
    op: Toolkit, user: Any, receiver: Receiver, settings: Any, monkeypatch: Any
) -> None:
    """Until each application was tried, and no longer than the setting says."""
    settings.LOGOUT = {**settings.LOGOUT, "WAIT_FOR_CLIENTS": 0.4}
    monkeypatch.setattr(nudge.worker, "start", lambda at_once: sender.deliver())
    tell(receiver, "shop")
    browser = logged_in(user)
    op.log_in(browser)
    began = time.monotonic()
    browser.post(LOGOUT)
    assert len(receiver.heard) == 1
    monkeypatch.setattr(nudge.worker, "start", lambda at_once: None)
    browser = logged_in(user)
    op.log_in(browser)
    began = time.monotonic()
    browser.post(LOGOUT)
    assert time.monotonic() - began >= 0.4
    began = time.monotonic()
    end_one(op, user)  # Code without a request does not wait.
    nudge.wait_for(Delivery.objects.first().event_id, 0.0)  # type: ignore[union-attr]
    assert len(receiver.heard) == 1


class Rounds:
    """Deliveries of the thread: when the next is due, whenever it asks; or an error."""

    def __init__(self, *due: Any) -> None:
        self.due = list(due)
        self.done = 0
        self.before: Any = None

    def deliver(self) -> None:
        self.done += 1

    def next_due(self) -> Any:
        if self.before is not None:
            self.before()
        if isinstance(self.due[0], Exception):
            raise self.due.pop(0)
        return self.due.pop(0)


@pytest.fixture
def rounds(monkeypatch: Any) -> Any:
    """Let the thread do these rounds."""

    def use(*due: Any) -> Rounds:
        found = Rounds(*due)
        monkeypatch.setattr(nudge, "sender", found)
        monkeypatch.setattr(nudge, "LONGEST_SLEEP", 0.02)
        monkeypatch.setattr(nudge, "SHORTEST_SLEEP", 0.01)
        monkeypatch.setattr(nudge, "LATE", 0.02)
        monkeypatch.setattr(nudge.connections, "close_all", lambda: None)
        return found

    return use


def now(seconds: float = 0) -> Any:
    """Return a time so many seconds from now."""
    return timezone.now() + timedelta(seconds=seconds)


def test_thread_goes_on_while_something_waits(rounds: Any) -> None:
    """Also after an error, and then it ends; the next nudge starts another."""
    worker = nudge.Worker()
    worker.join(1)
    found = rounds(now(), now(60), DatabaseError(), now(60), now(), None)
    worker.start(at_once=True)
    worker.join(10)
    assert (found.done, found.due) == (2, [])
    found.due = [now(), None]
    worker.start(at_once=True)
    worker.join(10)
    assert found.done == 3


def nudging_once(worker: nudge.Worker, *, at_once: bool) -> Callable[[], None]:
    """Return what nudges a thread when it is called first, and does nothing later."""
    nudged = Event()

    def nudge_once() -> None:
        if not nudged.is_set():
            nudged.set()
            worker.start(at_once=at_once)

    return nudge_once


def test_thread_that_is_nudged_while_it_ends(rounds: Any) -> None:
    """It goes round once more, and no second one is started."""
    worker = nudge.Worker()
    found = rounds(None, now(), None)

    found.before = nudging_once(worker, at_once=True)
    worker.start(at_once=True)
    worker.join(10)
    assert (found.done, found.due) == (1, [])


def test_command_waits_for_the_thread(rounds: Any, monkeypatch: Any) -> None:
    """As long as it delivers, and not until the next try; not at all if there is none."""
    worker, delivered = nudge.Worker(), Event()
    monkeypatch.setattr(nudge, "worker", worker)
    nudge.finish()
    found = rounds(now(), now(60))
    monkeypatch.setattr(nudge, "LONGEST_SLEEP", 60.0)

    def deliver() -> None:
        time.sleep(0.2)
        delivered.set()

    monkeypatch.setattr(found, "deliver", deliver)
    worker.start(at_once=True)
    nudge.finish()
    assert delivered.is_set()
    found.due = [None]
    worker.start(at_once=True)
    worker.join(10)


def test_command_does_not_wait_for_ever(rounds: Any) -> None:
    """An application may hang."""
    worker, answered = nudge.Worker(), Event()
    found = rounds(now(), None)
    found.deliver = answered.wait
    worker.start(at_once=True)
    worker.finish(0.05)
    assert not answered.is_set()
    answered.set()
    worker.join(10)


def test_thread_beside_a_queue(rounds: Any, monkeypatch: Any) -> None:
    """It delivers what is late, and nothing else; it goes round for what comes while it ends."""
    monkeypatch.setattr(nudge, "deliver_logouts", Queue())
    worker = nudge.Worker()
    found = rounds(None, now(60), now(-1), None)

    found.before = nudging_once(worker, at_once=False)
    worker.start(at_once=False)
    worker.join(10)
    assert (found.done, found.due) == (1, [])


def test_when_the_next_is_due() -> None:
    """Nothing, or the first that waits."""
    assert sender.next_due() is None
    row = waiting()
    waiting(due_at=timezone.now() + timedelta(hours=1))
    assert sender.next_due() == row.due_at
