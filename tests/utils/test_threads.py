"""Synchronous code in an event loop queries the database where ``sync_to_async`` would."""

import asyncio
from concurrent.futures import Future
from threading import Event, get_ident
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections, transaction

from django_logout.utils import threads
from django_logout.utils.context import current_request
from django_logout.utils.threads import run_outside_event_loop, run_outside_transaction


def count_users() -> int:
    """Query the database, which Django refuses in an event loop."""
    return get_user_model().objects.count()


@pytest.mark.django_db
def test_the_transaction_of_the_caller_is_seen(user: Any) -> None:
    """A test of a project is in one, and so are its users."""

    async def view() -> tuple[int, int]:
        with pytest.raises(SynchronousOnlyOperation):
            count_users()
        return run_outside_event_loop(count_users), run_outside_event_loop(get_ident)

    assert async_to_sync(view)() == (1, get_ident())


def test_the_thread_is_that_of_sync_to_async() -> None:
    """So no further connection is opened."""

    async def view() -> bool:
        return run_outside_event_loop(get_ident) == await sync_to_async(get_ident)()

    assert asyncio.run(view())


def test_errors_and_context_variables_reach_the_other_side() -> None:
    """As if the call had been made here."""

    def fail() -> None:
        raise LookupError(current_request.get())

    async def view() -> None:
        current_request.set("the request")  # type: ignore[arg-type]
        with pytest.raises(LookupError, match="the request"):
            run_outside_event_loop(fail)

    asyncio.run(view())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a thread that does not come."""
    monkeypatch.setattr(threads, "PATIENCE", 0.01)


@pytest.mark.usefixtures("impatient")
def test_a_thread_that_waits_for_this_loop_is_not_waited_for() -> None:
    """That would last for ever."""
    begun = Event()

    async def ping() -> str:
        return "pong"

    def wait_for_loop() -> str:
        begun.set()
        return async_to_sync(ping)()

    async def view() -> tuple[str, bool]:
        waiting = asyncio.ensure_future(sync_to_async(wait_for_loop)())
        await asyncio.to_thread(begun.wait)
        elsewhere = run_outside_event_loop(get_ident) != get_ident()
        return await waiting, elsewhere

    assert asyncio.run(view()) == ("pong", True)


def test_an_error_of_the_work_is_no_reason_to_do_it_again() -> None:
    """Even if it is of the kind that says that there is no thread."""
    calls = []

    def fail() -> None:
        calls.append(1)
        raise RuntimeError("the work has failed")

    async def view() -> None:
        with pytest.raises(RuntimeError, match="the work has failed"):
            run_outside_event_loop(fail)

    asyncio.run(view())
    assert len(calls) == 1


def test_without_djangos_thread_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop may outlive the thread."""

    async def broken(*args: Any) -> None:
        raise RuntimeError("cannot schedule")

    monkeypatch.setattr(threads, "sync_to_async", lambda function: broken)

    async def view() -> bool:
        return run_outside_event_loop(get_ident) != get_ident()

    assert asyncio.run(view())


def test_what_is_done_at_once_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread may be faster than the event loop."""

    def at_once(work: Any) -> Any:
        async def call(*args: Any) -> None:
            work(*args)

        return call

    monkeypatch.setattr(threads, "sync_to_async", at_once)

    async def view() -> str:
        return run_outside_event_loop(lambda: "done")

    assert asyncio.run(view()) == "done"


def test_work_that_another_thread_has_taken_over_is_not_done_twice() -> None:
    """The thread of ``sync_to_async`` comes too late."""
    result: Future[None] = Future()
    result.cancel()
    threads._call(result, pytest.fail)


def test_a_thread_that_does_not_begin_is_not_waited_for_long(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one does the work."""

    def never(work: Any) -> Any:
        async def call(*args: Any) -> None:
            await asyncio.sleep(3600)

        return call

    monkeypatch.setattr(threads, "sync_to_async", never)

    async def view() -> tuple[int, int]:
        return run_outside_event_loop(get_ident), get_ident()

    there, here = asyncio.run(view())
    assert there != here


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vendor", ["sqlite", "another"])
def test_nothing_undoes_what_is_written_outside_of_a_transaction(vendor: str) -> None:
    """In a transaction, work runs in a thread with a connection of its own; not with SQLite."""

    def where() -> bool:
        return run_outside_transaction(get_ident, "default") == get_ident()

    with mock.patch.object(connections["default"], "vendor", vendor):
        assert where()
        with transaction.atomic():
            assert where() is (vendor == "sqlite")
