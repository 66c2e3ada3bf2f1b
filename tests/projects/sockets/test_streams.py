"""F34: what becomes of responses that take long. Run by ``tests/contrib/test_channels.py``."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory

from django_logout import Target, end_sessions
from django_logout.exceptions import SessionUnavailable
from django_logout.guard.install import guard
from django_logout.models import LoginSession
from django_logout.sessions import status
from django_logout.streams import astill_logged_in, still_logged_in, until_logged_out
from django_logout.web.views import events
from tests.pages import LOGOUT
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "/accounts/session/events/"
end = sync_to_async(end_sessions)


@pytest.fixture(autouse=True)
def fresh_layer() -> None:
    """One that nobody has joined."""
    channel_layers.set("default", InMemoryChannelLayer())


def request_of(client: Client, factory: Any = RequestFactory) -> Any:
    """A request as a view has it, long after the middleware."""
    request = factory().get("/feed/?a=1")
    request.session = SessionStore(client.cookies["sessionid"].value if client.cookies else None)
    guard(request.session, request=request)
    return request


def arequest_of(client: Client) -> ASGIRequest:
    """The same under ASGI."""
    found: ASGIRequest = request_of(client, AsyncRequestFactory)
    return found


def the_end(reason: str = "user") -> str:
    """The last event."""
    data = {"reason": reason, "login_url": "/login/?next=/feed/%3Fa%3D1"}
    return f"event: ended\nid: ended\ndata: {json.dumps(data)}\n\n"


def test_still_signed_in(engine: str, ann: Client, rf: Any) -> None:
    """Until the session ends, on every engine; nobody is not."""
    request = ann.get("/").wsgi_request
    assert still_logged_in(request)
    ann.post(LOGOUT)
    assert not still_logged_in(request)
    assert not still_logged_in(Client().get("/").wsgi_request)


async def test_still_signed_in_asynchronously(ann: Client) -> None:
    """The same."""
    request = await sync_to_async(arequest_of)(ann)
    assert await astill_logged_in(request)
    await end(Target.session((await LoginSession.objects.aget()).pk))
    assert not await astill_logged_in(request)
    assert not await astill_logged_in(arequest_of(Client()))


def test_a_request_of_a_project_without_the_middleware(ann: Client) -> None:
    """Its session is not guarded, and the gate is asked all the same."""
    request = request_of(ann)
    request.session = SessionStore(ann.cookies["sessionid"].value)
    assert still_logged_in(request)
    assert not isinstance(request.session, type(request_of(ann).session))


def test_one_question_costs_one_query(
    ann: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    """On the engine that has nothing else; the session itself has been loaded by then."""
    request = request_of(ann)
    still_logged_in(request)
    with django_assert_num_queries(1):
        assert still_logged_in(request)


def numbers(closed: list[str]) -> Iterator[str]:
    """Chunks, for ever; notes that it is closed."""
    try:
        while True:
            yield "1"
    finally:
        closed.append("closed")


@pytest.mark.parametrize("with_event", [True, False])
def test_f34_synchronous(ann: Client, with_event: bool) -> None:
    """It stops between two chunks, and its source is closed."""
    closed: list[str] = []
    chunks = until_logged_out(request_of(ann), numbers(closed), interval=0, events=with_event)
    assert [next(chunks), next(chunks)] == ["1", "1"]
    ann.post(LOGOUT)
    assert list(chunks) == ([the_end()] if with_event else [])
    del chunks
    assert closed == ["closed"]


def test_it_asks_no_more_often_than_it_is_told_to(
    ann: Client, django_assert_num_queries: Any
) -> None:
    """Between two questions nothing is asked."""
    request = request_of(ann)
    still_logged_in(request)
    with django_assert_num_queries(0):
        assert list(until_logged_out(request, iter("abc"), interval=60)) == ["a", "b", "c"]


def test_nobody_is_signed_in() -> None:
    """So nobody can be logged out."""
    assert list(until_logged_out(request_of(Client()), "ab", interval=0)) == ["a", "b"]


async def ticking(closed: list[str], pause: float = 0.01) -> AsyncIterator[str]:
    """The same, asynchronously."""
    try:
        while True:
            yield "1"
            await asyncio.sleep(pause)
    finally:
        closed.append("closed")


@pytest.mark.parametrize("with_event", [True, False])
async def test_f34_asynchronous(ann: Client, with_event: bool) -> None:
    """It stops at once where there is a layer, even while it waits."""
    closed: list[str] = []
    source = ticking(closed, pause=60)
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, source, interval=60, events=with_event)
    assert await anext(chunks) == "1"
    waiting = asyncio.ensure_future(_rest(chunks))
    await asyncio.sleep(0.1)
    await sync_to_async(ann.post)(LOGOUT)
    assert await asyncio.wait_for(waiting, 5) == ([the_end()] if with_event else [])
    assert closed == ["closed"]


async def _rest(chunks: Any) -> list[str]:
    return [chunk async for chunk in chunks]


async def test_f34_without_a_layer(ann: Client, settings: Any) -> None:
    """It asks."""
    settings.CHANNEL_LAYERS = {}
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, ticking([]), interval=0.05, events=True)
    assert await anext(chunks) == "1"
    await sync_to_async(ann.post)(LOGOUT)
    assert (await asyncio.wait_for(_rest(chunks), 5))[-1] == the_end()


async def test_f34_ended_before_it_began(ann: Client) -> None:
    """While the view was getting ready."""
    request = await sync_to_async(arequest_of)(ann)
    await astill_logged_in(request)
    await sync_to_async(ann.post)(LOGOUT)
    chunks = until_logged_out(request, ticking([]), interval=60, events=True)
    assert (await asyncio.wait_for(_rest(chunks), 5))[-1] == the_end()


async def test_a_source_that_ends_by_itself(ann: Client) -> None:
    """Ends the stream, and no more is said; for nobody too."""

    async def two() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    for client in (ann, Client()):
        for source in (two(), Queue("ab")):
            request = await sync_to_async(arequest_of)(client)
            assert await _rest(until_logged_out(request, source, events=True)) == ["a", "b"]


class Queue:
    """An iterator that is no generator."""

    def __init__(self, items: str) -> None:
        self.items = list(items)

    def __aiter__(self) -> Queue:
        return self

    async def __anext__(self) -> str:
        if not self.items:
            raise StopAsyncIteration
        return self.items.pop(0)


async def test_a_client_that_goes_away(ann: Client) -> None:
    """Nothing goes on."""
    closed: list[str] = []
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, ticking(closed), interval=60)
    await anext(chunks)
    async with asyncio.timeout(PATIENCE):  # until it listens, too
        while not any("receive" in repr(task) for task in asyncio.all_tasks()):  # noqa: ASYNC110 - nothing tells of that
            await asyncio.sleep(0.01)
    await chunks.aclose()
    assert closed == ["closed"]
    assert len(asyncio.all_tasks()) == 1


async def test_nobody_can_tell(ann: Client, monkeypatch: Any) -> None:
    """It stops, and claims nothing."""

    def down(identity: Any) -> Any:
        raise OperationalError

    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, ticking([]), interval=0.01, events=True)
    assert await anext(chunks) == "1"
    monkeypatch.setattr(status, "get_status", down)
    assert set(await _rest(chunks)) <= {"1"}
    with pytest.raises(SessionUnavailable):
        await astill_logged_in(request)


async def _events(client: AsyncClient, **headers: str) -> Any:
    response: Any = await client.get(EVENTS, headers=headers)
    return response


async def test_events(user: Any, monkeypatch: Any) -> None:
    """Signs of life, then why; it is no activity, and no cache keeps it."""
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    client = AsyncClient()
    await client.aforce_login(user)
    await LoginSession.objects.aupdate(last_seen_at="2026-01-01T00:00:00Z")
    response = await _events(client)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "no-store" in response.headers["Cache-Control"]
    stream = aiter(response.streaming_content)
    assert [await anext(stream), await anext(stream)] == [b":\n\n", b":\n\n"]
    assert (await LoginSession.objects.aget()).last_seen_at.month == 1
    await end(Target.user(user), reason="admin")
    last = (await asyncio.wait_for(_rest(stream), 5))[-1].decode()
    assert last.startswith(
        'event: ended\nid: ended\ndata: {"reason": "admin", "login_url": "/login/'
    )


async def test_events_of_a_session_that_has_ended(user: Any) -> None:
    """Once; whoever comes back has had it, and is to come no more."""
    client = AsyncClient()
    await client.aforce_login(user)
    key = client.cookies["sessionid"].value
    await end(Target.user(user), reason="admin")
    response = await _events(client)
    (only,) = await _rest(response.streaming_content)
    assert b'"reason": "admin"' in only
    client.cookies["sessionid"] = key
    again = await _events(client, **{"Last-Event-ID": "ended"})
    assert again.status_code == 204
    (nothing,) = await _rest((await _events(AsyncClient())).streaming_content)
    assert b'"reason": "unknown"' in nothing


def test_events_under_wsgi(ann: Client) -> None:
    """There are none; a browser does not ask again."""
    assert ann.get(EVENTS).status_code == 204
    assert ann.post(EVENTS).status_code == 405


async def test_events_need_no_login_page(user: Any, settings: Any) -> None:
    """Where all views need a login."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert (await _events(AsyncClient())).status_code == 200
