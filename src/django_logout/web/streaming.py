"""Responses that take long, such as server-sent events: they end with the session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from django_logout.exceptions import SessionUnavailable
from django_logout.responses.base import login_url
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.web import monitor
from django_logout.web.monitor import SessionMonitor

#: Seconds between two questions, where nobody tells.
INTERVAL = 5.0

_DONE = object()


def still_logged_in(request: HttpRequest) -> bool:
    """Whether the session that this request came with goes on; false if nobody was signed in. For
    views that take long: ``request.user`` tells only what was true when they began.

    Costs one read from a cache that all processes share, or one query. Is no activity. Raises
    :class:`~django_logout.SessionUnavailable` when nobody can tell.
    """
    request.session.has_key(SESSION_KEY)  # which loads it
    identity = monitor.identity_of(request.session)
    return identity is not None and monitor.get_status(identity, request).active


async def astill_logged_in(request: HttpRequest) -> bool:
    """Like :func:`still_logged_in`."""
    identity = await aidentity_of(request)
    return (
        identity is not None
        and (await SessionMonitor(identity, request, interval=0).get_status()).active
    )


def until_logged_out(
    request: HttpRequest, chunks: Any, *, interval: float = INTERVAL, events: bool = False
) -> Any:
    """The same chunks, until the session of the request has ended::

        return StreamingHttpResponse(until_logged_out(request, prices()))

    An asynchronous iterable stops at once where there is a channel layer, and within ``interval``
    seconds where there is none, even while it waits. A synchronous one is stopped between two
    chunks. What is asked for that is what :func:`still_logged_in` asks, once an ``interval``.
    Nothing is stopped where nobody was signed in.

    With ``events`` the last chunk is a server-sent event, ``ended``, whose data are JSON with
    ``reason`` and ``login_url``.
    """
    if hasattr(chunks, "__aiter__"):
        return _auntil(request, chunks, interval, events)
    return _until(request, chunks, interval, events)


def ended_event(request: HttpRequest, status: SessionStatus) -> str:
    """The last event of a stream; ``id`` lets a browser say that it has had it."""
    data = {"reason": str(status.reason), "login_url": login_url(request)}
    return f"event: ended\nid: ended\ndata: {json.dumps(data)}\n\n"


async def aidentity_of(request: HttpRequest) -> Identity | None:
    """Who is signed in to the session of a request, which is loaded for that."""
    await request.session.ahas_key(SESSION_KEY)
    return monitor.identity_of(request.session)


def _until(
    request: HttpRequest, chunks: Iterable[Any], interval: float, events: bool
) -> Iterator[Any]:
    request.session.has_key(SESSION_KEY)
    identity = monitor.identity_of(request.session)
    due = monotonic() + interval
    for chunk in chunks:
        if identity is not None and monotonic() >= due:
            status = monitor.get_status(identity, request)
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
    async with SessionMonitor(identity, request, interval=interval) as watch:
        over = asyncio.ensure_future(_over(watch))
        try:
            while True:
                coming = coming or asyncio.ensure_future(_next(source))
                await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
                if over.done():
                    break
                chunk, coming = coming.result(), None
                if chunk is _DONE:
                    return
                yield chunk
            status = over.result()
            if events and status is not None:
                yield ended_event(request, status)
        finally:
            await _dismiss(over, coming)
            if hasattr(source, "aclose"):
                await source.aclose()


async def _over(watch: SessionMonitor) -> SessionStatus | None:
    """Wait until it is; ``None``: nobody can tell."""
    with suppress(SessionUnavailable):
        status = await watch.get_status()  # it may have ended since the view began
        return status if not status.active else await watch.wait_until_ended()
    return None


async def _next(source: AsyncIterator[Any]) -> Any:
    return await anext(source, _DONE)


async def _dismiss(*tasks: asyncio.Future[Any] | None) -> None:
    left = [task for task in tasks if task is not None]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
