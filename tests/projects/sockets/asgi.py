"""An ``asgi.py`` with consumers of each kind, as a project has it."""

from __future__ import annotations

from typing import Any

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack, login, logout  # noqa: E402
from channels.generic.websocket import (  # noqa: E402
    AsyncJsonWebsocketConsumer,
    AsyncWebsocketConsumer,
    JsonWebsocketConsumer,
    WebsocketConsumer,
)
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.urls import path  # noqa: E402

from django_logout.asgi import finish_logouts  # noqa: E402
from django_logout.contrib.channels import ends_with_session  # noqa: E402

#: Of each consumer: what it was told at the end.
GOODBYES: list[int] = []
#: What came from clients, and would have been done.
COMMANDS: list[str] = []


class Sync(WebsocketConsumer):
    """Does what it is told, and says who told it."""

    def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        COMMANDS.append(text_data)
        self.send(text_data=f"{self.scope.get('user')}: {text_data}")

    def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


class Async(AsyncWebsocketConsumer):
    """The same, and can be told to log out, or in as somebody else."""

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        COMMANDS.append(text_data)
        if text_data == "log out":
            await logout(self.scope)
        elif text_data == "log in":
            await login(self.scope, await get_user_model().objects.aget(username="bob"))
        await self.send(text_data=f"{self.scope.get('user')}: {text_data}")

    async def disconnect(self, code: int) -> None:
        GOODBYES.append(code)
        await self.send(text_data="one more thing")  # nobody hears it
        await self.close()


class Json(JsonWebsocketConsumer):
    """Says what it is told."""

    def receive_json(self, content: Any, **kwargs: Any) -> None:
        self.send_json(content)

    def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


class AsyncJson(AsyncJsonWebsocketConsumer):
    """Says what it is told."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await self.send_json(content)

    async def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


async def raw(scope: Any, receive: Any, send: Any) -> None:
    """No consumer at all; ignores what it does not know."""
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.receive":
            COMMANDS.append(message["text"])
            await send({"type": "websocket.send", "text": message["text"]})
        elif message["code"] != 4401:
            return


consumers = URLRouter(
    [
        path("sync/", Sync.as_asgi()),
        path("async/", Async.as_asgi()),
        path("json/", Json.as_asgi()),
        path("async-json/", AsyncJson.as_asgi()),
        path("raw/", raw),
    ]
)
application = ProtocolTypeRouter(
    {
        "http": ASGIStaticFilesHandler(finish_logouts(django_application)),
        "websocket": AuthMiddlewareStack(ends_with_session(consumers)),
    }
)
