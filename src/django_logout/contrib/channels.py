"""WebSockets that close when their session ends: a wrapper for any ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import time
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY

from django_logout.ending.pipeline import aend_sessions
from django_logout.enums import Reason
from django_logout.exceptions import SessionUnavailable
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.sessions.token_logins import SID, as_id
from django_logout.types import Target
from django_logout.web import monitor
from django_logout.web.monitor import SessionMonitor, TokenMonitor

logger = logging.getLogger("django_logout")

#: Loose on purpose, as in ``asgi``.
Application = Callable[[Any, Any, Any], Awaitable[Any]]

#: The session has ended, has expired, or is refused; the reason says why. 4000 to 4999 are for
#: applications (RFC 6455, section 7.4.2), and 401 is what a request is answered.
ENDED = 4401
#: Nobody can tell whether it has; to be tried again (from the registry of close codes at IANA).
UNAVAILABLE = 1013
#: Bytes of a reason, in a frame (RFC 6455, section 5.5).
MOST_BYTES = 123
#: Seconds that the application has to say goodbye, in ``disconnect``, before it is cancelled.
GRACE = 5


def ends_with_session(application: Application, *, interval: float = 30) -> Application:
    """Wrap what serves WebSockets, inside the wrapper that knows the session::

        AuthMiddlewareStack(ends_with_session(URLRouter(websocket_urlpatterns)))

    Consumers of any kind, and other ASGI applications. A socket is let in only while its session
    goes on. When that ends, on whatever process, the socket is closed with the code 4401 and the
    reason, and the application is told of a disconnect; nothing that the client sends reaches it
    any more. Sockets of which nobody can tell are closed with 1013: try again.

    The channel layer tells of it, if there is one. Because a message can be lost, and since
    sessions expire without one, the gate is asked every ``interval`` seconds as well.

    One whose user was let in by a token, as your own wrapper has put it into ``scope["user"]``, is
    closed when all of that user's logins end; with a JSON web token of simplejwt in
    ``scope["auth"]``, when its login ends.

    Sockets that nobody is logged in to go through untouched. Raises ``ValueError`` where no
    wrapper outside of this one knows the session, or the user.
    """

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await application(scope, receive, send)
            return
        watch = await _watch_over(scope, interval)
        if watch is not None:
            async with watch:
                socket = Socket(watch, scope, receive, send)
                if await socket.is_let_in():
                    await socket.serve(application)
        elif (known := await _remembered(scope)) is not None:
            await refuse(scope, receive, send, ENDED, known.reason)
        else:
            await application(scope, receive, send)

    return wrapped


async def _watch_over(scope: Any, interval: float) -> SessionMonitor | None:
    """Over what let the socket in: its session, or a token; ``None``: nobody is logged in."""
    if "session" not in scope and "user" not in scope:
        raise ValueError(
            "There is no session in the scope: put ends_with_session() inside of "
            "AuthMiddlewareStack() or SessionMiddlewareStack()."
        )
    identity = None
    if "session" in scope:
        await scope["session"].ahas_key(SESSION_KEY)  # which loads it
        identity = monitor.identity_of(scope["session"])
    if identity is not None and scope.get("auth") is None:
        return SessionMonitor(identity, interval=interval)
    is_known = getattr(scope.get("user"), "is_authenticated", False)
    return _watch_over_token(scope, interval) if is_known else None


def _watch_over_token(scope: Any, interval: float) -> SessionMonitor:
    claims = getattr(scope.get("auth"), "payload", None)
    claims = claims if isinstance(claims, Mapping) else {}  # others have something else there
    login, user_id = as_id(claims.get(SID)), str(scope["user"].pk)
    begun = float(claims.get("iat") or time())
    if login is None:
        identity = Identity(uuid4(), user_id, registered=True, started_at=begun)
        return TokenMonitor(identity, interval=interval)
    return SessionMonitor(
        Identity(login, user_id, registered=True, started_at=begun), interval=interval
    )


async def _remembered(scope: Any) -> SessionStatus | None:
    """What is known of a session that the engine does not know any more."""
    key = scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME, "")
    return await sync_to_async(monitor.status_by_key)(key)


async def refuse(scope: Any, receive: Any, send: Any, code: int, reason: str) -> None:
    """Close a socket before the application sees it. It is accepted for that: of one that is not,
    a browser learns neither code nor reason, and tries for ever."""
    await receive()
    offered = scope.get("subprotocols") or [None]  # who offers some hangs up if none is taken
    await send({"type": "websocket.accept", "subprotocol": offered[0]})
    await send(closing(code, reason))


def closing(code: int, reason: str) -> dict[str, Any]:
    """The message that closes a socket."""
    text = str(reason).encode()[:MOST_BYTES].decode(errors="ignore")
    return {"type": "websocket.close", "code": code, "reason": text}


class Socket:
    """One connection, between the server and the application."""

    def __init__(self, watch: SessionMonitor, scope: Any, receive: Any, send: Any) -> None:
        self.watch, self.scope = watch, scope
        session = scope.get("session")
        is_by_session = session is not None and monitor.identity_of(session) == watch.identity
        self._session = session if is_by_session else None
        self._receive, self._send = receive, send
        self._over: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._coming: asyncio.Future[Any] | None = None
        self._closed = False
        self._told = False

    async def is_let_in(self) -> bool:
        """Whether its session goes on; else it is closed."""
        try:
            standing = await self.watch.get_status()
        except SessionUnavailable:
            standing, code = SessionStatus(False, "unavailable"), UNAVAILABLE
        else:
            code = ENDED
        if not standing.active:
            await refuse(self.scope, self._receive, self._send, code, standing.reason)
        return standing.active

    async def serve(self, application: Application) -> None:
        """Until the application is done, or the session has ended."""
        work = asyncio.ensure_future(application(self.scope, self.receive, self.send))
        watching = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait({work, self._over}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await self._close(self._over.result())
                await asyncio.wait({work}, timeout=GRACE)
        finally:
            tasks = [task for task in (work, watching, self._coming) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not work.cancelled():
            work.result()  # raises what the application has raised

    async def receive(self) -> Any:
        """What the client sends, as long as the session goes on; then a disconnect, once."""
        await self._end_let_go()
        # One that is cancelled loses nothing: the next asks for the same message.
        self._coming = self._coming or asyncio.ensure_future(self._receive())
        await asyncio.wait({self._coming, self._over}, return_when=asyncio.FIRST_COMPLETED)
        if self._over.done():
            return await self._disconnect()
        message, self._coming = self._coming.result(), None
        self._closed = self._closed or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Any) -> None:
        """To the client, as long as the session goes on."""
        if not self._over.done():
            self._closed = self._closed or message["type"] == "websocket.close"
            await self._send(message)

    async def _watch(self) -> None:
        try:
            standing = await self.watch.wait_until_ended()
            message = closing(ENDED, standing.reason)
        except Exception:
            logger.exception("Whether the session of a socket goes on could not be told.")
            message = closing(UNAVAILABLE, "unavailable")
        self._finish(message)

    def _finish(self, message: dict[str, Any]) -> None:
        if not self._over.done():
            self._over.set_result(message)

    async def _close(self, message: dict[str, Any]) -> None:
        if not self._closed:
            with suppress(OSError):  # the client is gone
                await self._send(message)

    async def _disconnect(self) -> Any:
        if self._told:
            await asyncio.Event().wait()  # for ever: some would ask again and again
        self._told = True
        return {**self._over.result(), "type": "websocket.disconnect"}

    async def _end_let_go(self) -> None:
        """The application has logged the socket out, as ``channels.auth.logout()`` does, or in as
        somebody else."""
        session, before = self._session, self.watch.identity
        now = before if session is None else monitor.identity_of(session)
        if self._over.done() or (now is not None and now.id == before.id):
            return
        reason = Reason.SWITCHED if session and SESSION_KEY in session else Reason.USER
        await aend_sessions(Target.session(before.id), reason=reason)
        self._finish(closing(ENDED, reason))
