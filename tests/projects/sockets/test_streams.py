"""F34: what becomes of long responses when their session ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory

from django_logout import Target, end_sessions
from django_logout.exceptions import SessionUnavailable
from django_logout.guard.install import session_state
from django_logout.models import LoginSession
from django_logout.policies.impersonation import impersonate
from django_logout.sessions import status
from django_logout.streams import astill_logged_in, still_logged_in, until_logged_out
from django_logout.web.views import events
from tests.clients import LOGOUT, unguarded_store
from tests.urlconf import OUT, routes
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

#: A polling interval that no test reaches.
NEVER = 3600
EVENTS = "/accounts/session/events/"
end = sync_to_async(end_sessions)


@pytest.fixture(autouse=True)
def fresh_layer() -> None:
    """Start with an empty channel layer."""
    channel_layers.set("default", InMemoryChannelLayer())


def request_of(client: Client, factory: Any = RequestFactory) -> Any:
    """Return a request as a view has it, long after the middleware."""
    request = factory().get("/feed/?a=1")
    request.session = SessionStore(client.cookies["sessionid"].value if client.cookies else None)
    session_state(request.session, request=request)
    return request


def arequest_of(client: Client) -> ASGIRequest:
    """Return such a request under ASGI."""
    found: ASGIRequest = request_of(client, AsyncRequestFactory)
    return found


def the_end(reason: str = "user") -> str:
    """Return the last event of a stream."""
    data = {"reason": reason, "login_url": "/login/?next=/feed/%3Fa%3D1"}
    return f"event: ended\nid: ended\ndata: {json.dumps(data)}\n\n"


def test_still_logged_in(engine: str, ann: Client, rf: Any) -> None:
    """Until the session ends, on every engine; never for an anonymous client."""
    request = ann.get("/").wsgi_request
    assert still_logged_in(request)
    ann.post(LOGOUT)
    assert not still_logged_in(request)
    assert not still_logged_in(Client().get("/").wsgi_request)


async def test_still_logged_in_async(ann: Client) -> None:
    """In a coroutine."""
    request = await sync_to_async(arequest_of)(ann)
    assert await astill_logged_in(request)
    await end(Target.session((await LoginSession.objects.aget()).pk))
    assert not await astill_logged_in(request)
    assert not await astill_logged_in(arequest_of(Client()))


def test_still_logged_in_without_middleware(ann: Client) -> None:
    """The session is not guarded, and its status is checked all the same."""
    request = request_of(ann)
    request.session = unguarded_store(ann.cookies["sessionid"].value)
    assert still_logged_in(request)
    assert type(request.session) is SessionStore
    ann.post(LOGOUT)
    assert not still_logged_in(request)


def test_still_logged_in_costs_one_query(
    ann: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    """On the engine without a cache; the session has been loaded by then."""
    request = request_of(ann)
    still_logged_in(request)
    with django_assert_num_queries(1):
        assert still_logged_in(request)


def numbers(closed: list[str]) -> Iterator[str]:
    """Yield chunks for ever, and note when the generator is closed."""
    try:
        while True:
            yield "1"
    finally:
        closed.append("closed")


@pytest.mark.parametrize("with_event", [True, False])
def test_sync_stream_stops(ann: Client, with_event: bool) -> None:
    """F34: it stops between two chunks, and its source is closed."""
    closed: list[str] = []
    chunks = until_logged_out(request_of(ann), numbers(closed), interval=0, events=with_event)
    assert [next(chunks), next(chunks)] == ["1", "1"]
    ann.post(LOGOUT)
    assert list(chunks) == ([the_end()] if with_event else [])
    del chunks
    assert closed == ["closed"]


def test_stream_checks_once_per_interval(ann: Client, django_assert_num_queries: Any) -> None:
    """Between two checks there is no query."""
    request = request_of(ann)
    still_logged_in(request)
    with django_assert_num_queries(0):
        assert list(until_logged_out(request, iter("abc"), interval=NEVER)) == ["a", "b", "c"]


def test_anonymous_stream_is_not_watched() -> None:
    """There is no session that could end."""
    assert list(until_logged_out(request_of(Client()), "ab", interval=0)) == ["a", "b"]


async def ticking(closed: list[str], pause: float = 0.01) -> AsyncIterator[str]:
    """Yield chunks for ever in a coroutine, and note when the generator is closed."""
    try:
        while True:
            yield "1"
            await asyncio.sleep(pause)
    finally:
        closed.append("closed")


@pytest.mark.parametrize("with_event", [True, False])
async def test_async_stream_stops_while_waiting(ann: Client, with_event: bool) -> None:
    """F34: at once where there is a channel layer, even between two chunks."""
    closed: list[str] = []
    source = ticking(closed, pause=NEVER)
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, source, interval=NEVER, events=with_event)
    assert await anext(chunks) == "1"
    waiting = asyncio.ensure_future(_rest(chunks))
    await asyncio.sleep(0.1)
    await sync_to_async(ann.post)(LOGOUT)
    assert await asyncio.wait_for(waiting, PATIENCE) == ([the_end()] if with_event else [])
    assert closed == ["closed"]


async def _rest(chunks: Any) -> list[str]:
    return [chunk async for chunk in chunks]


async def test_async_stream_without_layer_polls(ann: Client, settings: Any) -> None:
    """F34: it checks the session at each interval."""
    settings.CHANNEL_LAYERS = {}
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, ticking([]), interval=0.05, events=True)
    assert await anext(chunks) == "1"
    await sync_to_async(ann.post)(LOGOUT)
    assert (await asyncio.wait_for(_rest(chunks), PATIENCE))[-1] == the_end()


async def test_stream_of_session_that_ended_before_first_chunk(ann: Client) -> None:
    """F34: the session ends while the view prepares the response."""
    request = await sync_to_async(arequest_of)(ann)
    await astill_logged_in(request)
    await sync_to_async(ann.post)(LOGOUT)
    chunks = until_logged_out(request, ticking([]), interval=NEVER, events=True)
    assert (await asyncio.wait_for(_rest(chunks), PATIENCE))[-1] == the_end()


async def test_finished_source_ends_stream(ann: Client) -> None:
    """Without a last event; for an anonymous client as well."""

    async def two() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    for client in (ann, Client()):
        for source in (two(), Queue("ab")):
            request = await sync_to_async(arequest_of)(client)
            assert await _rest(until_logged_out(request, source, events=True)) == ["a", "b"]


class Queue:
    """An asynchronous iterator that is no generator."""

    def __init__(self, items: str) -> None:
        self.items = list(items)

    def __aiter__(self) -> Queue:
        return self

    async def __anext__(self) -> str:
        if not self.items:
            raise StopAsyncIteration
        return self.items.pop(0)


async def test_disconnect_leaves_no_task(ann: Client) -> None:
    """The source is closed."""
    closed: list[str] = []
    request = await sync_to_async(arequest_of)(ann)
    chunks = until_logged_out(request, ticking(closed), interval=NEVER)
    await anext(chunks)
    async with asyncio.timeout(PATIENCE):
        while not any("receive" in repr(task) for task in asyncio.all_tasks()):  # noqa: ASYNC110 - no event tells that it listens
            await asyncio.sleep(0.01)
    await chunks.aclose()
    assert closed == ["closed"]
    assert len(asyncio.all_tasks()) == 1


async def test_outage_stops_stream(ann: Client, monkeypatch: Any) -> None:
    """It stops without a claim that the session has ended."""

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


async def test_events_of_active_session(user: Any, monkeypatch: Any) -> None:
    """Heartbeats, then the reason. The stream is no activity, and no cache stores it."""
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
    last = (await asyncio.wait_for(_rest(stream), PATIENCE))[-1].decode()
    assert last.startswith(
        'event: ended\nid: ended\ndata: {"reason": "admin", "login_url": "/login/'
    )


async def test_events_of_ended_session(user: Any) -> None:
    """One event; a client that reconnects after it is told to stop."""
    client = AsyncClient()
    await client.aforce_login(user)
    key = client.cookies["sessionid"].value
    await end(Target.user(user), reason="admin")
    response = await _events(client)
    assert b'"reason": "admin"' in response.content
    client.cookies["sessionid"] = key
    again = await _events(client, **{"Last-Event-ID": "ended"})
    assert again.status_code == 204
    assert b'"reason": "unknown"' in (await _events(AsyncClient())).content


def test_events_under_wsgi(ann: Client) -> None:
    """The response is empty, so that a browser does not reconnect."""
    assert ann.get(EVENTS).status_code == 204
    assert ann.post(EVENTS).status_code == 405


async def test_events_with_login_required_middleware(user: Any, settings: Any) -> None:
    """They are exempt where all views need a login."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert (await _events(AsyncClient())).status_code == 200


def test_stream_ends_with_the_account_of_an_impersonator(
    user: Any, other: Any, settings: Any
) -> None:
    """SQL has changed it, so that no signal tells of it."""

    def act(request: Any) -> HttpResponse:
        impersonate(request, user)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(act)
    client = Client()
    client.force_login(other)
    client.get(OUT)
    request = request_of(client)
    assert still_logged_in(request)
    assert request.session[SESSION_KEY] == str(user.pk)

    get_user_model().objects.filter(pk=other.pk).update(is_active=False)

    assert not still_logged_in(request)
    assert not LoginSession.objects.filter(ended_at=None).exists()
