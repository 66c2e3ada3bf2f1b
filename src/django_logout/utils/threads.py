"""Query the database from synchronous code that an event loop runs, such as ``request.session`` in
an asynchronous view."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

from django_logout.utils.transactions import in_transaction

T = TypeVar("T")

#: Seconds to wait for Django's own thread, which may be waiting for the event loop itself.
PATIENCE = 1


def run_outside_event_loop(work: Callable[[], T]) -> T:
    """Call ``work`` where it may query the database, wait for it, and return its result.

    It is called in the thread in which ``sync_to_async`` would call it, so that it sees the same
    transaction; or in a thread of its own if that one is busy, because it may wait for the event
    loop that waits here.
    """
    result: Future[T] = Future()
    handing_over: Any = sync_to_async(_call)(result, work)
    try:
        if not _is_done_at_once(handing_over):
            wait([result], timeout=PATIENCE)
        if not result.cancel():  # It has begun, or is done.
            return result.result()
    except RuntimeError:
        if result.done() and not result.cancelled():
            raise  # by the work
    finally:
        handing_over.close()
    return _run_in_thread(work)


def run_outside_transaction(work: Callable[[], T], database: str) -> T:
    """Call ``work`` where no transaction of the project can undo what it writes, and return its
    result.

    Inside of one, that is another connection. SQLite has one writer at a time, which may be that
    transaction; so there it is undone with it.
    """
    if connections[database].vendor == "sqlite" or not in_transaction(database):
        return work()
    return _run_in_thread(work)


def _run_in_thread(work: Callable[[], T]) -> T:
    result: Future[T] = Future()
    Thread(target=copy_context().run, args=(_call_and_close, result, work), daemon=True).start()
    return result.result()


def _is_done_at_once(coroutine: Any) -> bool:
    """Begin a coroutine, and return whether it has nothing to await."""
    try:
        coroutine.send(None)
    except StopIteration:
        return True
    return False


def _call(result: Future[T], work: Callable[[], T]) -> None:
    if not result.set_running_or_notify_cancel():
        return
    try:
        result.set_result(work())
    except Exception as error:  # noqa: BLE001 - raised to the caller, in its own thread
        result.set_exception(error)


def _call_and_close(result: Future[T], work: Callable[[], T]) -> None:
    try:
        _call(result, work)
    finally:
        connections.close_all()
