"""How deliveries begin: soon after the commit, by a task or a thread, and never in the request."""

import time
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.federation import nudge, sender
from django_logout.federation.models import Delivery
from django_logout.notifications import tasks
from tests.clients import LOGOUT, logged_in
from tests.projects.client_deliveries import tell
from tests.projects.clients_toolkit.test_sender import waiting
from tests.projects.clients_toolkit.toolkit import Toolkit
from tests.projects.issuing import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun(monkeypatch: Any) -> list[int]:
    """How often deliveries have begun. The thread does not, since the tests' database is in memory."""
    found: list[int] = []
    monkeypatch.setattr(nudge.worker, "start", lambda: found.append(1))
    return found


@pytest.fixture
def auto(settings: Any) -> None:
    """Deliver without a command."""
    settings.LOGOUT = {**settings.LOGOUT, "DELIVERY": "auto"}


class Queue:
    """A task of a queue."""

    def __init__(self, module: str, *, is_down: bool = False) -> None:
        self.backend = type("Backend", (), {"__module__": module})()
        self.enqueued, self.is_down = 0, is_down

    def get_backend(self) -> Any:
        return self.backend

    def enqueue(self) -> None:
        if self.is_down:
            raise ConnectionError
        self.enqueued += 1


def end_one(op: Toolkit, user: Any) -> None:
    """End a login with an application."""
    op.log_in(logged_in(user))
    end_sessions(Target.user(user))


@pytest.mark.usefixtures("auto")
def test_a_thread_begins_after_the_commit(
    op: Toolkit, user: Any, receiver: Receiver, begun: list[int]
) -> None:
    """Only if an application has to hear."""
    end_one(op, user)
    assert begun == []
    tell(receiver, "shop")
    end_one(op, user)
    assert begun == [1]


def test_not_where_a_command_delivers(
    op: Toolkit, user: Any, receiver: Receiver, begun: list[int]
) -> None:
    """The setting says so."""
    tell(receiver, "shop")
    end_one(op, user)
    assert begun == []
    assert Delivery.objects.get().state == "waiting"


@pytest.mark.usefixtures("auto")
@pytest.mark.parametrize(
    ("module", "is_down", "enqueued", "threads"),
    [
        ("django_tasks_db.backend", False, 1, 0),
        ("django_tasks_db.backend", True, 0, 1),
        ("django.tasks.backends.immediate", False, 0, 1),
        ("django.tasks.backends.dummy", False, 0, 1),
    ],
)
def test_a_queue(
    begun: list[int], monkeypatch: Any, module: str, is_down: bool, enqueued: int, threads: int
) -> None:
    """Where it runs tasks later, and takes them. A backend that runs them at once would hold up the request."""
    queue = Queue(module, is_down=is_down)
    monkeypatch.setattr(nudge, "deliver_logouts", queue)
    nudge.begin()
    assert (queue.enqueued, len(begun)) == (enqueued, threads)


def test_function_is_no_queue() -> None:
    """Before Django 6.0, a task is the function itself."""
    assert not tasks.is_deferred(len)


def test_the_task(op: Toolkit, receiver: Receiver) -> None:
    """It delivers."""
    op.register("shop")
    tell(receiver, "shop")
    waiting()
    getattr(nudge.deliver_logouts, "func", nudge.deliver_logouts)()
    assert len(receiver.heard) == 1


@pytest.mark.usefixtures("auto")
def test_error_of_the_nudge_stops_no_logout(
    op: Toolkit, user: Any, receiver: Receiver, monkeypatch: Any, caplog: Any
) -> None:
    """The sessions have ended, and the rows are there."""

    def fail() -> None:
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
    monkeypatch.setattr(nudge.worker, "start", sender.deliver)
    tell(receiver, "shop")
    browser = logged_in(user)
    op.log_in(browser)
    began = time.monotonic()
    browser.post(LOGOUT)
    assert len(receiver.heard) == 1
    monkeypatch.setattr(nudge.worker, "start", lambda: None)
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
    """Deliveries of the thread: what is due after each, or an error."""

    def __init__(self, *due: Any) -> None:
        self.due = list(due)
        self.done = 0
        self.before: Any = None

    def deliver(self) -> None:
        self.done += 1
        if self.before is not None:
            self.before()
        if isinstance(self.due[0], Exception):
            raise self.due.pop(0)

    def next_due(self) -> Any:
        return self.due.pop(0)


@pytest.fixture
def rounds(monkeypatch: Any) -> Any:
    """Let the thread do these rounds."""

    def use(*due: Any) -> Rounds:
        found = Rounds(*due)
        monkeypatch.setattr(nudge, "sender", found)
        monkeypatch.setattr(nudge, "LONGEST_SLEEP", 0.02)
        monkeypatch.setattr(nudge, "SHORTEST_SLEEP", 0.01)
        monkeypatch.setattr(nudge.connections, "close_all", lambda: None)
        return found

    return use


def test_thread_goes_on_while_something_waits(rounds: Any) -> None:
    """Also after an error, and then it ends; the next nudge starts another."""
    worker = nudge.Worker()
    worker.join(1)
    found = rounds(timezone.now(), DatabaseError(), None)
    worker.start()
    worker.join(10)
    assert found.done == 3
    found.due = [None]
    worker.start()
    worker.join(10)
    assert found.done == 4


def test_thread_that_is_nudged_while_it_ends(rounds: Any) -> None:
    """It goes round once more, and no second one is started."""
    worker, nudged = nudge.Worker(), Event()
    found = rounds(None, None)

    def nudge_once() -> None:
        if not nudged.is_set():
            nudged.set()
            worker.start()

    found.before = nudge_once
    worker.start()
    worker.join(10)
    assert found.done == 2


def test_when_the_next_is_due() -> None:
    """Nothing, or the first that waits."""
    assert sender.next_due() is None
    row = waiting()
    waiting(due_at=timezone.now() + timedelta(hours=1))
    assert sender.next_due() == row.due_at
