"""Close WebSockets when their session ends: a wrapper for any ASGI application."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
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
from django_logout.guard.install import as_session
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.sessions.token_logins import SID, as_id
from django_logout.types import Target
from django_logout.web.monitor import SessionMonitor, TokenMonitor, identity_of, why_anonymous

logger = logging.getLogger("django_logout")

#: Typed loosely on purpose, as in ``asgi``.
Application = Callable[[Any, Any, Any], Awaitable[Any]]

#: Close code: the session has ended or expired, and the reason says why. The codes 4000 to 4999 are
#: for applications (RFC 6455, section 7.4.2). 401 is the status of such a request.
ENDED = 4401
#: Close code: the status of the session is unknown. "Try again later" in IANA's registry.
UNAVAILABLE = 1013
#: Bytes of a reason that fit into a frame (RFC 6455, section 5.5).
MAX_REASON_BYTES = 123
#: Seconds that the application has to handle the disconnect, before it is cancelled.
GRACE = 5


def ends_with_session(application: Application, *, interval: float = 30) -> Application:
    """Wrap the ASGI application that serves WebSockets, inside the wrapper that adds the session::

        AuthMiddlewareStack(ends_with_session(URLRouter(websocket_urlpatterns)))

    A socket is accepted only while its session is active. When the session ends, in any process,
    the socket is closed with code 4401 and the reason, and the application gets a disconnect;
    nothing that the client sends reaches it any more. If the status of the session is unknown, the
    socket is closed with code 1013 (try again later).

    A channel layer, if there is one, announces the ending. In addition, the status is polled every
    ``interval`` seconds, because messages can be lost and sessions expire without one.

    A socket whose user is authenticated by a token, as a wrapper of your own puts it into
    ``scope["user"]``, is closed when all of that user's logins end. With a JSON web token of
    simplejwt in ``scope["auth"]``, it is closed when the login of the token ends.

    Anonymous sockets are served until their application logs a user in; from then on, this login is
    followed. Raises ``ValueError`` if no outer wrapper adds a session or a user.
    """

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await application(scope, receive, send)
            return
        session = as_session(scope.get("session"))
        # Loading a session that does not exist drops its key; an outer wrapper may have done so.
        key = session.session_key if session is not None else None
        key = key or scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME, "")
        try:
            monitor, anonymous = await _create_monitor(scope, interval), None
            if monitor is None:
                anonymous = await sync_to_async(why_anonymous)(session, key)
        except SessionUnavailable:
            await close_unopened(scope, receive, send, UNAVAILABLE, "unavailable")
            return
        socket = Socket(monitor, scope, receive, send, interval)
        if monitor is not None:
            async with monitor:
                if await socket.check_or_close(monitor):
                    await socket.serve(application)
        elif anonymous is not None:
            await close_unopened(scope, receive, send, ENDED, anonymous.reason)
        else:
            await socket.serve(application)

    return wrapped


async def _create_monitor(
    scope: Any, interval: float, *, new_login: bool = False
) -> SessionMonitor | None:
    """Return a monitor of the session or token that authenticated the socket, or ``None``."""
    if "session" not in scope and "user" not in scope:
        raise ValueError(
            "There is no session in the scope: put ends_with_session() inside of "
            "AuthMiddlewareStack() or SessionMiddlewareStack()."
        )
    session = as_session(scope.get("session"))
    if session is not None:
        await session.ahas_key(SESSION_KEY)  # Load the session.
        identity = identity_of(session)
        if identity is not None and scope.get("auth") is None:
            if identity.registered or not new_login:
                return SessionMonitor(identity, interval=interval)
            # The application has just logged in: the session gets its id when it is saved.
            identity = Identity(uuid4(), identity.user_id, registered=True, started_at=time())
            return TokenMonitor(identity, interval=interval)
    if not getattr(scope.get("user"), "is_authenticated", False):
        return None
    claims = getattr(scope.get("auth"), "payload", None)
    if not isinstance(claims, Mapping):  # Other libraries store other types there.
        claims = {}
    login_id, started_at = as_id(claims.get(SID)), float(claims.get("iat") or time())
    identity = Identity(
        login_id or uuid4(), str(scope["user"].pk), registered=True, started_at=started_at
    )
    return (SessionMonitor if login_id else TokenMonitor)(identity, interval=interval)


def _is_same(one: SessionMonitor | None, other: SessionMonitor | None) -> bool:
    """Return whether two monitors watch the same login, or user."""
    if one is None or other is None or type(one) is not type(other):
        return one is other
    attribute = "user_id" if isinstance(one, TokenMonitor) else "id"
    return bool(getattr(one.identity, attribute) == getattr(other.identity, attribute))


async def close_unopened(scope: Any, receive: Any, send: Any, code: int, reason: str) -> None:
    """Close a socket before the application sees it.

    The socket is accepted first. If the handshake failed instead, the browser would learn neither
    the code nor the reason, and its script would retry forever.
    """
    await receive()
    # A client that offers subprotocols hangs up if none is accepted.
    offered = scope.get("subprotocols") or [None]
    await send({"type": "websocket.accept", "subprotocol": offered[0]})
    await send(close_message(code, reason))


def close_message(code: int, reason: str) -> dict[str, Any]:
    """Return the message that closes a socket, with the reason cut to what a frame can hold."""
    text = str(reason).encode()[:MAX_REASON_BYTES].decode(errors="ignore")
    return {"type": "websocket.close", "code": code, "reason": text}


class Socket:
    """One connection, between the server and the application."""

    def __init__(
        self, monitor: SessionMonitor | None, scope: Any, receive: Any, send: Any, interval: float
    ) -> None:
        self.scope, self.interval = scope, interval
        self._set_monitor(monitor)
        #: Whether there is no login, or the session of the login has no id yet.
        self._is_provisional = monitor is None or not monitor.identity.registered
        self._is_anonymous_at_first = monitor is None
        self._watching: asyncio.Future[None] | None = None
        self._receive, self._send = receive, send
        #: Holds the closing message, once the session has ended.
        self._ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._receiving: asyncio.Future[Any] | None = None
        self._is_closed = False
        self._is_disconnected = False

    async def check_or_close(self, monitor: SessionMonitor) -> bool:
        """Return whether the session is active, after closing the socket if it is not."""
        code = ENDED
        try:
            status = await monitor.get_status()
        except SessionUnavailable:
            status, code = SessionStatus(False, "unavailable"), UNAVAILABLE
        if not status.active:
            await close_unopened(self.scope, self._receive, self._send, code, status.reason)
        return status.active

    async def serve(self, application: Application) -> None:
        """Run the application until it returns or the session ends."""
        work = asyncio.ensure_future(application(self.scope, self.receive, self.send))
        if self.monitor is not None:
            self._watch(self._wait_until_ended(self.monitor))
        try:
            await asyncio.wait({work, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await self._close(self._ended.result())
                await asyncio.wait({work}, timeout=GRACE)
        finally:
            tasks = [task for task in (work, self._watching, self._receiving) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not work.cancelled():
            work.result()  # Raise what the application has raised.

    async def receive(self) -> Any:
        """Return the client's next message, or a disconnect once the session has ended."""
        await self._end_if_logged_out()
        await self._follow_login()
        # Keep a pending message if the application cancels this call: the next call returns it.
        self._receiving = self._receiving or asyncio.ensure_future(self._receive())
        await asyncio.wait({self._receiving, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            if self._is_disconnected:
                # Wait forever, because some applications would ask again and again.
                await asyncio.Event().wait()
            self._is_disconnected = True
            return {**self._ended.result(), "type": "websocket.disconnect"}
        message, self._receiving = self._receiving.result(), None
        self._is_closed = self._is_closed or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Any) -> None:
        """Send a message to the client, or discard it if the session has ended."""
        if not self._ended.done():
            self._is_closed = self._is_closed or message["type"] == "websocket.close"
            await self._send(message)

    def _watch(self, ending: Coroutine[Any, Any, None] | None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        self._watching = None if ending is None else asyncio.ensure_future(ending)

    async def _follow_login(self) -> None:
        """Watch the login that the application has made in the socket, as ``channels.auth.login()``
        does, and again once its session has been saved and has an id."""
        if self._ended.done() or not self._is_provisional:
            return
        known, monitor = (
            self.monitor,
            await _create_monitor(self.scope, self.interval, new_login=self._is_anonymous_at_first),
        )
        if _is_same(monitor, known):
            return
        self._set_monitor(monitor)
        self._is_provisional = (
            monitor is None or isinstance(monitor, TokenMonitor) or not monitor.identity.registered
        )
        self._watch(None if monitor is None else self._watch_from_now(monitor))

    def _set_monitor(self, monitor: SessionMonitor | None) -> None:
        self.monitor, session = monitor, as_session(self.scope.get("session"))
        is_by_session = (
            session is not None and monitor is not None and identity_of(session) == monitor.identity
        )
        self._session = session if is_by_session else None

    async def _watch_from_now(self, monitor: SessionMonitor) -> None:
        async with monitor:
            await self._wait_until_ended(monitor, check_first=True)

    async def _wait_until_ended(
        self, monitor: SessionMonitor, *, check_first: bool = False
    ) -> None:
        try:
            status = await monitor.get_status() if check_first else SessionStatus(True)
            if status.active:
                status = await monitor.wait_until_ended()
            message = close_message(ENDED, status.reason)
        except Exception:
            logger.exception("The status of a socket's session could not be determined.")
            message = close_message(UNAVAILABLE, "unavailable")
        self._set_ended(message)

    def _set_ended(self, message: dict[str, Any]) -> None:
        if not self._ended.done():
            self._ended.set_result(message)

    async def _close(self, message: dict[str, Any]) -> None:
        if not self._is_closed:
            with suppress(OSError):  # The client is gone.
                await self._send(message)

    async def _end_if_logged_out(self) -> None:
        """End the session if the application has logged the socket out, as
        ``channels.auth.logout()`` does, or has logged in another user."""
        if self.monitor is None or self._session is None or self._ended.done():
            return
        session, old = self._session, self.monitor.identity
        new = identity_of(session)
        gets_id = not old.registered and new is not None and new.user_id == old.user_id
        if gets_id or (new is not None and new.id == old.id):
            return
        reason = Reason.SWITCHED if SESSION_KEY in session else Reason.USER
        await aend_sessions(Target.session(old.id), reason=reason)
        self._set_ended(close_message(ENDED, reason))
