"""WebSockets whose user is authenticated by a token, with a channel layer on Redis."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from channels.sessions import SessionMiddlewareStack
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from django_logout import Target, end_sessions
from django_logout.contrib.channels import ends_with_session
from django_logout.contrib.drf.jwt import JWTAuthentication
from django_logout.contrib.drf.jwt_serializers import begin
from django_logout.models import LoginSession
from tests.clients import LOGOUT
from tests.projects.sockets.asgi import consumers
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis")]

#: A polling interval that no test reaches.
NEVER = 3600

end = sync_to_async(end_sessions)


@pytest.fixture(autouse=True)
def fresh_layer() -> None:
    """Start with a channel layer of this test's event loop."""
    channel_layers.backends.clear()


class ByToken:
    """Authenticate by the URL's query: a JSON web token, or a user's name."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        kind, _, what = scope["query_string"].decode().partition("=")
        scope = {**scope, "user": AnonymousUser()}
        if kind == "jwt":
            scope["user"], scope["auth"] = await database_sync_to_async(by_jwt)(what)
        elif kind == "name":
            scope["user"] = await get_user_model().objects.aget(username=what)
        elif kind == "other":
            scope["user"] = await get_user_model().objects.aget(username=what)
            scope["auth"] = SimpleNamespace(payload=b"of another kind")
        await self.application(scope, receive, send)


def by_jwt(raw: str) -> Any:
    """Return the token's user, and the token."""
    way = JWTAuthentication()
    token = way.get_validated_token(raw)
    return way.get_user(token), token


async def opened(query: str, interval: float = NEVER, client: Client | None = None) -> Any:
    """Return an accepted socket, inside or outside of a browser."""
    app = ByToken(ends_with_session(consumers, interval=interval))
    headers = []
    if client is not None:
        app = SessionMiddlewareStack(app)
        cookie = client.cookies.output(header="", sep=";", attrs=[]).strip().encode()
        headers = [(b"cookie", cookie)]
    one = WebsocketCommunicator(app, f"/async/?{query}", headers=headers)
    connected, _ = await one.connect(timeout=PATIENCE)
    assert connected
    assert await is_open(one)
    return one


async def is_open(one: WebsocketCommunicator) -> bool:
    """Return whether the application answers."""
    await one.send_to(text_data="hello")
    return "hello" in await one.receive_from(timeout=PATIENCE)


async def closed(one: WebsocketCommunicator) -> str:
    """Expect the socket to be closed with our code, and return the reason."""
    message = await one.receive_output(timeout=PATIENCE)
    assert message.items() >= {"type": "websocket.close", "code": 4401}.items()
    await one.wait(timeout=PATIENCE)
    return str(message["reason"])


@sync_to_async
def logged_in(user: Any) -> tuple[str, Any]:
    """Log in by tokens, and return the socket's query and the session's id."""
    token = begin(user, RefreshToken.for_user(user))
    return f"jwt={token.access_token}", token["sid"]


@pytest.mark.parametrize("what", ["user", "others", "everyone"])
async def test_ending_user_closes_all_sockets(user: Any, other: Any, what: str) -> None:
    """At once, whatever the token; those of another user stay open, except for "everyone"."""
    known, _ = await logged_in(user)
    silent = await sync_to_async(AccessToken.for_user)(user)
    mine = [await opened(query) for query in (known, f"jwt={silent}", "name=ann", "other=ann")]
    theirs = await opened("name=bob")
    time.sleep(1)  # noqa: ASYNC251 - "iat" has whole seconds
    browser = Client()
    await sync_to_async(browser.force_login)(user)
    if what == "others":
        await sync_to_async(browser.post)("/accounts/sessions/end-others/")
    else:
        await end(Target.user(user) if what == "user" else Target.everyone(), reason="mine")
    expected = "remote" if what == "others" else "mine"
    assert {await closed(one) for one in mine} == {expected}
    if what == "everyone":
        assert await closed(theirs) == "mine"
    else:
        assert await is_open(theirs)
        await theirs.disconnect(timeout=PATIENCE)


async def test_ending_one_session_closes_its_socket(user: Any) -> None:
    """The socket of another session stays open, and so does one that names no session."""
    (mine, login), (another, _) = await logged_in(user), await logged_in(user)
    here, staying = await opened(mine), [await opened(another), await opened("name=ann")]
    await end(Target.session(login), reason="mine")
    assert await closed(here) == "mine"
    for one in staying:
        assert await is_open(one)
        await one.disconnect(timeout=PATIENCE)


async def test_socket_without_layer_polls(user: Any, settings: Any) -> None:
    """At each interval."""
    settings.CHANNEL_LAYERS = {}
    query, _ = await logged_in(user)
    mine = [await opened(each, interval=0.1) for each in (query, "name=ann")]
    await end(Target.user(user), reason="mine")
    assert {await closed(one) for one in mine} == {"mine"}


async def test_deleted_user_closes_socket(user: Any) -> None:
    """No row of the user is left."""
    one = await opened("name=ann")
    await user.adelete()
    assert await closed(one) == "deleted"


async def test_token_takes_precedence_over_session(ann: Client, user: Any) -> None:
    """Where the scope has a token; otherwise the session counts, if a user is logged in."""
    query, login = await logged_in(user)
    by_token = await opened(query, client=ann)
    by_session = await opened("name=ann", client=ann)
    by_name = await opened("name=ann", client=Client())
    await sync_to_async(ann.post)(LOGOUT)
    assert await closed(by_session) == "user"
    assert await is_open(by_token)
    assert await is_open(by_name)
    await end(Target.session(login), reason="mine")
    assert await closed(by_token) == "mine"
    await by_name.disconnect(timeout=PATIENCE)


async def test_anonymous_socket_is_not_watched(db: None) -> None:
    """Without a token there is nothing that could end."""
    one = await opened("")
    await one.disconnect(timeout=PATIENCE)
    assert not await LoginSession.objects.aexists()
