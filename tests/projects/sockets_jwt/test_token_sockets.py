"""WebSockets whose user was let in by a token, with JSON web tokens and a layer on Redis. Run by
``tests/contrib/test_channels.py``."""

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
from tests.pages import LOGOUT
from tests.projects.sockets.asgi import consumers
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("redis")]

end = sync_to_async(end_sessions)


@pytest.fixture(autouse=True)
def fresh_layer() -> None:
    """One that no other loop has been waiting at."""
    channel_layers.backends.clear()


class ByToken:
    """As a project lets sockets in: by what is in the URL; a JSON web token, or a user's name."""

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
    """Whom the token lets in, and the token."""
    way = JWTAuthentication()
    token = way.get_validated_token(raw)
    return way.get_user(token), token


async def opened(query: str, interval: float = 60, client: Client | None = None) -> Any:
    """A socket that has been let in; in a browser, or in none."""
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
    """Whether what is said is answered."""
    await one.send_to(text_data="hello")
    return "hello" in await one.receive_from(timeout=PATIENCE)


async def closed(one: WebsocketCommunicator) -> str:
    """It is closed with our code; gives the reason."""
    message = await one.receive_output(timeout=PATIENCE)
    assert message.items() >= {"type": "websocket.close", "code": 4401}.items()
    await one.wait(timeout=PATIENCE)
    return str(message["reason"])


@sync_to_async
def logged_in(user: Any) -> tuple[str, Any]:
    """A login by tokens: what the socket shows, and its row's id."""
    token = begin(user, RefreshToken.for_user(user))
    return f"jwt={token.access_token}", token["sid"]


@pytest.mark.parametrize("what", ["user", "others", "everyone"])
async def test_all_of_a_users_end(user: Any, other: Any, what: str) -> None:
    """Whatever token it was; at once; another user's stay, but for everyone's."""
    known, _ = await logged_in(user)
    silent = await sync_to_async(AccessToken.for_user)(user)
    mine = [await opened(query) for query in (known, f"jwt={silent}", "name=ann", "other=ann")]
    theirs = await opened("name=bob")
    time.sleep(1)  # noqa: ASYNC251 - tokens know the second
    browser = Client()
    await sync_to_async(browser.force_login)(user)
    if what == "others":
        await sync_to_async(browser.post)("/accounts/sessions/end-others/")
    else:
        await end(Target.user(user) if what == "user" else Target.everyone(), reason="mine")
    expected = "user" if what == "others" else "mine"
    assert {await closed(one) for one in mine} == {expected}
    if what == "everyone":
        assert await closed(theirs) == "mine"
    else:
        assert await is_open(theirs)
        await theirs.disconnect()


async def test_a_login_ends_and_no_other(user: Any) -> None:
    """Its socket closes; that of another login, and one of which nobody knows more, stay."""
    (mine, login), (another, _) = await logged_in(user), await logged_in(user)
    here, staying = await opened(mine), [await opened(another), await opened("name=ann")]
    await end(Target.session(login), reason="mine")
    assert await closed(here) == "mine"
    for one in staying:
        assert await is_open(one)
        await one.disconnect()


async def test_what_nobody_tells_is_asked_for(user: Any, settings: Any) -> None:
    """Without a layer, by the clock."""
    settings.CHANNEL_LAYERS = {}
    query, _ = await logged_in(user)
    mine = [await opened(each, interval=0.1) for each in (query, "name=ann")]
    await end(Target.user(user), reason="mine")
    assert {await closed(one) for one in mine} == {"mine"}


async def test_the_account_is_deleted(user: Any) -> None:
    """Of whom nothing is left."""
    one = await opened("name=ann")
    await user.adelete()
    assert await closed(one) == "deleted"


async def test_a_token_beside_a_session_is_what_counts(ann: Client, user: Any) -> None:
    """Where it is in the scope; else the session, which has to be that of somebody."""
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
    await by_name.disconnect()


async def test_nobody_is_watched(db: None) -> None:
    """Who has no token has nothing that could end."""
    one = await opened("")
    await one.disconnect()
    assert not await LoginSession.objects.aexists()
