"""End long responses, such as server-sent events, when their session ends."""

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from django_logout.exceptions import SessionUnavailable
from django_logout.guard.install import session_of
from django_logout.responses.base import login_url
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.web.monitor import SessionMonitor, get_status, identity_of

#: Seconds between two checks of the session, if there is no channel layer.
INTERVAL = 5.0

_DONE = object()


def still_logged_in(request: HttpRequest) -> bool:
    """Return whether the session of the request is still active; False if it is anonymous. Use it
    in long-running views, because ``request.user`` is as old as the start of the view.

    This costs one read from a cache that all processes share, or one query, and does not count as
    activity. Raises :class:`~django_logout.SessionUnavailable` if the status cannot be read.
    """
    identity = _identity_of(request)
    return identity is not None and get_status(identity, request).active


async def astill_logged_in(request: HttpRequest) -> bool:
    """Async version of :func:`still_logged_in`."""
    identity = await aidentity_of(request)
    if identity is None:
        return False
    return (await SessionMonitor(identity, request, interval=0).get_status()).active


async def aidentity_of(request: HttpRequest) -> Identity | None:
    """Load the session of a request, and return whose login it holds."""
    session = session_of(request)
    if session is None:
        return None
    await session.ahas_key(SESSION_KEY)
    return identity_of(session)


def _identity_of(request: HttpRequest) -> Identity | None:
    session = session_of(request)
    if session is None:
        return None
    session.has_key(SESSION_KEY)  # This loads the session.
    return identity_of(session)


def until_logged_out(
    request: HttpRequest, chunks: Any, *, interval: float = INTERVAL, events: bool = False
) -> Any:
    """Yield the chunks until the session of the request ends::

        return StreamingHttpResponse(until_logged_out(request, prices()))

    An asynchronous iterable stops even while it waits: at once if there is a channel layer, or else
    within ``interval`` seconds. A synchronous one stops between two chunks, after the check that is
    made once per ``interval`` and costs the same as :func:`still_logged_in`. Nothing is stopped if
    no user was logged in.

    With ``events`` the last chunk is a server-sent event, ``ended``, whose data are JSON with
    ``reason`` and ``login_url``.
    """
    if hasattr(chunks, "__aiter__"):
        return _auntil(request, chunks, interval, events)
    return _until(request, chunks, interval, events)


def _until(
    request: HttpRequest, chunks: Iterable[Any], interval: float, events: bool
) -> Iterator[Any]:
    identity = _identity_of(request)
    due = monotonic() + interval
    for chunk in chunks:
        if identity is not None and monotonic() >= due:
            status = get_status(identity, request)
            if not status.active:
                if events:
                    yield ended_event(request, status)
                return
            due = monotonic() + interval
        yield chunk


async def _auntil(
    request: HttpRequest, chunks: AsyncIterable[Any], interval: float, events: bool
) -> AsyncIterator[Any]:
    identity = await aidentity_of(request)
    if identity is None:
        async for chunk in chunks:
            yield chunk
        return
    source, coming = aiter(chunks), None
    async with SessionMonitor(identity, request, interval=interval) as monitor:
        ended = asyncio.ensure_future(_wait_until_ended(monitor))
        try:
            while True:
                coming = coming or asyncio.ensure_future(_next(source))
                await asyncio.wait({coming, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    break
                chunk, coming = coming.result(), None
                if chunk is _DONE:
                    return
                yield chunk
            status = ended.result()
            if events and status is not None:
                yield ended_event(request, status)
        finally:
            tasks = [task for task in (ended, coming) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if hasattr(source, "aclose"):
                await source.aclose()


async def _wait_until_ended(monitor: SessionMonitor) -> SessionStatus | None:
    """Return why the session has ended; ``None`` if its status cannot be read."""
    with suppress(SessionUnavailable):
        status = await monitor.get_status()  # It may have ended since the view began.
        return await monitor.wait_until_ended() if status.active else status
    return None


async def _next(source: AsyncIterator[Any]) -> Any:
    return await anext(source, _DONE)


def ended_event(request: HttpRequest, status: SessionStatus) -> str:
    """Return the last event of a stream. Its ``id`` lets a browser say that it has received it."""
    data = {"reason": str(status.reason), "login_url": login_url(request)}
    return f"event: ended\nid: ended\ndata: {json.dumps(data)}\n\n"
