"""Endings, told to all processes by the channel layer of Django Channels.

Nobody has to believe what is told: whoever is not named asks. Whoever missed it asks by the clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from time import monotonic
from types import TracebackType
from typing import Any

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
#: Seconds after which groups are joined again: layers forget members after a day, and all of them
#: in a restart.
REJOIN = 600
#: Seconds between two complaints of a process.
LOG_INTERVAL = 60

_complained = -float(LOG_INTERVAL)


def everyones_group() -> str:
    """Where is told what is about everyone."""
    return _group("everyone")


def users_group(user_pk: Any) -> str:
    """Where is told what is about one user."""
    return _group(f"user:{user_pk}")


def _group(name: str) -> str:
    # A keyed hash: sites that share a layer do not share groups, any key makes a valid name, and
    # whoever sees the layer does not see who is there.
    return f"django_logout.{salted_hmac(TYPE, name, algorithm='sha256').hexdigest()[:32]}"


def messages(ending: Ending) -> Iterator[tuple[str, Message]]:
    """What is told of an ending, and to which group: one message for each user."""
    if ending.target.scope is Scope.EVERYONE:
        yield everyones_group(), _message(ending, before=ending.at.timestamp())
        return
    ids: dict[str, list[str]] = defaultdict(list)
    for user_pk in _whole(ending):
        ids[str(user_pk)] = []
    for session in ending.sessions:
        ids[str(session.user_id)].append(str(session.id))
    for user_pk, theirs in ids.items():
        yield users_group(user_pk), _message(ending, ids=theirs)


def _whole(ending: Ending) -> set[Any]:
    """Of whom sessions may have ended that nobody has listed, being from before our time."""
    target, users = ending.target, set()
    if target.scope is Scope.USER:
        users = {target.value.pk}
    elif target.scope is Scope.OTHERS:
        users = {target.value.user.pk}
    return users - {None}  # deleted: whose sessions are known, is told as well


def _message(ending: Ending, *, ids: list[str] | None = None, before: float = 0) -> Message:
    reason = str(ending.reason)
    return {"type": TYPE, "reason": reason, "ids": ids or [], "before": before}


def publish(ending: Ending) -> None:
    """Tell of it; raises whatever the layer raises, or ``TimeoutError``."""
    async_to_sync(_tell)(list(messages(ending)))


async def _tell(told: list[tuple[str, Message]]) -> None:
    layer = get_channel_layer()
    if layer is not None:  # else the project has others only, for its own ends
        for group, message in told:
            async with asyncio.timeout(TIMEOUT):
                await layer.group_send(group, message)


class Listener:
    """Hears what is told of one session; an asynchronous context manager."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self._layer = get_channel_layer()
        self._channel = ""
        self._joined = -float(REJOIN)
        self._coming: asyncio.Task[Message] | None = None

    async def __aenter__(self) -> Listener:
        await self._join()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._channel:
            try:
                async with asyncio.timeout(TIMEOUT):
                    if self._coming is not None:
                        self._coming.cancel()
                        await asyncio.gather(self._coming, return_exceptions=True)
                    for group in self._groups():
                        await self._layer.group_discard(group, self._channel)
            except Exception:  # noqa: BLE001
                _log_throttled("The channel layer does not let a listener go; it will forget it.")

    async def receive(self, seconds: float) -> str | None:
        """Wait until something is told, at most so long. Gives the reason if that settles that the
        session has ended; else it has to be asked for."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if monotonic() - self._joined >= REJOIN:
                await self._join()
            if not self._channel:
                await asyncio.sleep(left)
                break
            if self._coming is None:
                self._coming = asyncio.ensure_future(self._layer.receive(self._channel))
            await asyncio.wait({self._coming}, timeout=left)
            if self._coming.done():
                coming, self._coming = self._coming, None
                try:
                    return self._settles(coming.result())
                except Exception:  # noqa: BLE001 - whatever a layer raises
                    _log_throttled("The channel layer does not tell.")
                    self._joined = -float(REJOIN)
                    await asyncio.sleep(min(TIMEOUT, end - monotonic()))
        return None

    def _settles(self, message: Message) -> str | None:
        named = str(self.identity.id) in message["ids"]
        return message["reason"] if named or self.identity.started_at < message["before"] else None

    def _groups(self) -> tuple[str, str]:
        return users_group(self.identity.user_id), everyones_group()

    async def _join(self) -> None:
        if self._layer is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                # With the prefix of consumers: the layer on Redis reads of one prefix at a time.
                channel = self._channel or await self._layer.new_channel()
                for group in self._groups():
                    await self._layer.group_add(group, channel)
            self._channel, self._joined = channel, monotonic()
        except Exception:  # noqa: BLE001
            _log_throttled("The channel layer is down.")


def _log_throttled(what: str) -> None:
    """Once a minute: there may be thousands who could."""
    global _complained  # noqa: PLW0603
    if monotonic() - _complained >= LOG_INTERVAL:
        _complained = monotonic()
        message = "%s Sessions of sockets are asked for by the clock."
        logger.error(message, what, exc_info=True)  # noqa: LOG014 - called where it is handled
