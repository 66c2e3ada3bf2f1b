"""Broadcast endings to all processes through the channel layer of Django Channels.

The layer is not trusted to deliver. A listener that a message does not name checks its session, and
every listener also polls, so a lost message only delays the end of a socket.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, Self

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.utils.crypto import salted_hmac

from django_logout.enums import Scope
from django_logout.sessions.identity import Identity
from django_logout.types import Ending

logger = logging.getLogger("django_logout.broadcast")

Message = Mapping[str, Any]

TYPE = "django_logout.ended"
#: Seconds that one call of the layer may take.
TIMEOUT = 5
#: Seconds after which a listener joins its groups again. Layers drop members after a day, and all
#: of them in a restart.
REJOIN_INTERVAL = 600
#: Seconds between two log lines of a process.
LOG_INTERVAL = 60

_last_logged = -float(LOG_INTERVAL)


def group_name(user_pk: Any = None) -> str:
    """Return the group that receives the endings of one user, or of everyone without a user."""
    name = "everyone" if user_pk is None else f"user:{user_pk}"
    # A keyed hash separates sites that share a layer, makes a valid name of any primary key, and
    # does not reveal to readers of the layer which users are connected.
    return f"django_logout.{salted_hmac(TYPE, name, algorithm='sha256').hexdigest()[:32]}"


def messages(ending: Ending) -> Iterator[tuple[str, Message]]:
    """Yield groups with their message: one for each user, or a single one for everyone."""
    message = {"type": TYPE, "reason": str(ending.reason), "ids": []}
    if ending.target.scope is Scope.EVERYONE:
        # Listeners check their sessions. The time of the ending would not tell which of them began
        # before it, because the clocks of two servers may differ.
        yield group_name(), message
        return
    user = ending.target.owner
    ids: dict[str, list[str]] = defaultdict(list)
    if user is not None and user.pk is not None:
        # This ending may include sessions without a row, which it cannot list. (A deleted user has
        # no primary key any more; the ids of listed sessions suffice then.)
        ids[str(user.pk)] = []
    for session in ending.sessions:
        ids[str(session.user_id)].append(str(session.id))
    for user_pk, session_ids in ids.items():
        yield group_name(user_pk), {**message, "ids": session_ids}


def publish_endings(ending: Ending) -> None:
    """Send an ending to its groups. Raises what the layer raises, or ``TimeoutError``."""
    parts = list(messages(ending))

    async def send() -> None:
        layer = get_channel_layer()
        if layer is None:  # The project has other layers only, for purposes of its own.
            return
        for group, message in parts:
            async with asyncio.timeout(TIMEOUT):
                await layer.group_send(group, message)

    async_to_sync(send)()


class Listener:
    """Receives the endings that may include one session. An asynchronous context manager."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._groups = (group_name(identity.user_id), group_name())
        self._layer = get_channel_layer()
        self._channel = ""
        self._joined = -float(REJOIN_INTERVAL)
        self._receiving: asyncio.Task[Message] | None = None

    async def __aenter__(self) -> Self:
        await self._join()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._channel:
            try:
                async with asyncio.timeout(TIMEOUT):
                    if self._receiving is not None:
                        self._receiving.cancel()
                        await asyncio.gather(self._receiving, return_exceptions=True)
                    for group in self._groups:
                        await self._layer.group_discard(group, self._channel)
            except Exception:  # noqa: BLE001 - a layer may raise anything; it drops old members
                _log_throttled("A listener could not leave the groups of the channel layer.")

    async def receive(self, seconds: float) -> str | None:
        """Wait for a message, for a limited time.

        Return the reason if the message proves that the session has ended. ``None`` means that the
        caller has to check the session.
        """
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if monotonic() - self._joined >= REJOIN_INTERVAL:
                await self._join()
            if not self._channel:
                await asyncio.sleep(left)
                break
            if self._receiving is None:
                self._receiving = asyncio.ensure_future(self._layer.receive(self._channel))
            await asyncio.wait({self._receiving}, timeout=left)
            if self._receiving.done():
                done, self._receiving = self._receiving, None
                try:
                    return self._proved_reason(done.result())
                except Exception:  # noqa: BLE001 - a layer may raise anything
                    _log_throttled("The channel layer failed to receive.")
                    self._joined = -float(REJOIN_INTERVAL)
                    await asyncio.sleep(min(TIMEOUT, end - monotonic()))
        return None

    def _proved_reason(self, message: Message) -> str | None:
        return message["reason"] if str(self.identity.id) in message["ids"] else None

    async def _join(self) -> None:
        if self._layer is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                # Use the prefix of consumers, because the layer on Redis reads one prefix at a time.
                channel = self._channel or await self._layer.new_channel()
                for group in self._groups:
                    await self._layer.group_add(group, channel)
            self._channel, self._joined = channel, monotonic()
        except Exception:  # noqa: BLE001 - a layer may raise anything
            _log_throttled("The channel layer is unavailable.")


def _log_throttled(what: str) -> None:
    """Log an error once a minute, because thousands of sockets may notice it at once."""
    global _last_logged  # noqa: PLW0603
    if monotonic() - _last_logged >= LOG_INTERVAL:
        _last_logged = monotonic()
        message = "%s Sockets poll the status of their sessions instead."
        logger.error(message, what, exc_info=True)  # noqa: LOG014 - callers handle an exception
