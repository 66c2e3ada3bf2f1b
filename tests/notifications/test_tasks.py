"""Work in the background: when it is started, and by which process."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import django
import pytest
from django.db import transaction

from django_logout.notifications.tasks import after_commit, task

pytestmark = pytest.mark.django_db(transaction=True)

done: list[str] = []


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    """Yet."""
    done.clear()


def note(word: str) -> None:
    """Do something that can be seen."""
    done.append(word)


def fail(word: str) -> None:
    """Do something that goes wrong."""
    raise RuntimeError(word)


class InvalidTask(Exception):
    """As Django's."""


class Task:
    """The interface of a task of Django."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def enqueue(self, **arguments: Any) -> None:
        """Take it, as a queue would."""
        done.append("enqueued")
        self.function(**json.loads(json.dumps(arguments)))


@contextmanager
def tasks(make: Any, name: str = "django.tasks") -> Iterator[None]:
    """A Django with ``django.tasks``, or the package in its place, whatever there is."""
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    module.task = make  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, name, module)
        patch.setattr("django_logout.notifications.tasks.find_spec", {name: module.__spec__}.get)
        yield


def test_it_starts_after_the_commit() -> None:
    """Not before; at once where there is no transaction."""
    with transaction.atomic():
        after_commit(note, word="later")
        assert done == []
    assert done == ["later"]

    after_commit(note, word="at once")
    assert done == ["later", "at once"]


def test_it_never_starts_if_the_transaction_is_rolled_back() -> None:
    """What it is about has not happened."""
    with transaction.atomic():
        after_commit(note, word="never")
        transaction.set_rollback(True)

    assert done == []


def test_what_goes_wrong_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """And stops nothing that comes after it."""
    with transaction.atomic():
        after_commit(fail, word="no mail server")
        after_commit(note, word="all the same")

    assert "no mail server" in caplog.text
    assert done == ["all the same"]


def test_before_django_6_the_function_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no ``django.tasks`` to make a task."""
    monkeypatch.setattr("django_logout.notifications.tasks.find_spec", lambda name: None)
    assert task(note) is note


def test_tasks_of_django_are_enqueued() -> None:
    """Where there are some."""
    with tasks(Task):
        after_commit(task(note), word="ann")

    assert done == ["enqueued", "ann"]


def test_the_package_in_place_of_django_tasks(settings: Any) -> None:
    """Before Django 6.0, where the project has queues."""
    settings.TASKS = {}
    with tasks(Task, "django_tasks"):
        assert task(note) is note
    settings.TASKS = {"default": {"BACKEND": "queue"}}
    with tasks(Task, "django_tasks"):
        after_commit(task(note), word="ann")

    assert done == ["enqueued", "ann"]


def test_without_a_queue_it_is_done_in_place(caplog: pytest.LogCaptureFixture) -> None:
    """A project may have queues with names of its own only."""

    def refuse(function: Any) -> None:
        raise InvalidTask("Queue 'default' is not valid for backend.")

    with tasks(refuse):
        after_commit(task(note), word="ann")

    assert "TASKS has no queue for note" in caplog.text
    assert "Queue 'default' is not valid" in caplog.text
    assert done == ["ann"]


def test_it_is_a_task_of_django_where_there_are_tasks() -> None:
    """The mails, as this Django has them."""
    from django_logout.notifications import mail

    for work in (mail.send_new_device_mail, mail.send_sessions_ended_mail):
        assert hasattr(work, "enqueue") == (django.VERSION >= (6, 0))
