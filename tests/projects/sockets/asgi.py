"""An ASGI application with consumers of each kind."""

from __future__ import annotations

from typing import Any

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from asgiref.sync import sync_to_async  # noqa: E402
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
from django_logout.web.views import events  # noqa: E402

#: A polling interval that no test reaches, so that only the channel layer can close anything in time.
events.INTERVAL = NEVER = 3600

#: The code with which each consumer was disconnected.
GOODBYES: list[int] = []
#: Messages of clients that reached a consumer.
COMMANDS: list[str] = []


class Sync(WebsocketConsumer):
    """Echo what it receives, with the user's name."""

    def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        COMMANDS.append(text_data)
        self.send(text_data=f"{self.scope.get('user')}: {text_data}")

    def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


class Async(AsyncWebsocketConsumer):
    """Echo, and log out or log in as another user on command."""

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        COMMANDS.append(text_data)
        if text_data == "log out":
            await logout(self.scope)
        elif text_data == "log in":
            await login(self.scope, await get_user_model().objects.aget(username="bob"))
        elif text_data == "save":
            await sync_to_async(self.scope["session"].save)()
        await self.send(text_data=f"{self.scope.get('user')}: {text_data}")

    async def disconnect(self, code: int) -> None:
        GOODBYES.append(code)
        await self.send(text_data="one more thing")  # The client has gone.
        await self.close()


class Json(JsonWebsocketConsumer):
    """Echo JSON."""

    def receive_json(self, content: Any, **kwargs: Any) -> None:
        self.send_json(content)

    def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


class AsyncJson(AsyncJsonWebsocketConsumer):
    """Echo JSON."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await self.send_json(content)

    async def disconnect(self, code: int) -> None:
        GOODBYES.append(code)


async def raw(scope: Any, receive: Any, send: Any) -> None:
    """Echo without a consumer class, and ignore unknown messages."""
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
        "websocket": AuthMiddlewareStack(ends_with_session(consumers, interval=NEVER)),
    }
)
