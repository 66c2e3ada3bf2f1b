"""Watch over a session for longer than a request takes: while a socket is open, a stream flows.

Nothing here is activity, nor does it lengthen a session's life.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connections
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from django_logout.conf import as_timedelta, logout_settings
from django_logout.ending import pipeline
from django_logout.ending.after_commit import log_exceptions
from django_logout.enums import Reason
from django_logout.exceptions import unavailable_on
from django_logout.guard import decision, status_cache
from django_logout.guard.store import GuardedStore
from django_logout.sessions import cutoffs, engines, identity, registry, status
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.types import Target

#: By dotted path, since it needs Django Channels.
LISTENER = "django_logout.revokers.channels.broadcast.Listener"


def identity_of(session: Any) -> Identity | None:
    """Who is logged in to a session that is loaded; ``None``: nobody."""
    if isinstance(session, GuardedStore):
        return session.identity
    return identity.identify(session, session.session_key)


def get_status(identity: Identity, request: HttpRequest | None = None) -> SessionStatus:
    """Whether a session goes on: it has neither ended nor expired. One cache read; one query,
    where the cache does not know. What has expired is ended, so that others are told too.

    Raises :class:`SessionUnavailable` when nobody can tell.
    """
    with _asking():
        return _ask_status(identity, request)


def _ask_status(identity: Identity, request: HttpRequest | None) -> SessionStatus:
    # Where the gate remembers nothing, what the cache holds may be from other times.
    found = (
        status_cache.get_status(identity) if status_cache.is_used() else status.get_status(identity)
    )
    if found.active:
        found = decision.timeouts_from_memory(identity) or decision.timeouts_from_row(
            identity, request
        )
    if found.expired:
        target = Target.session(identity.id)
        log_exceptions(partial(pipeline.end_sessions, target, reason=found.reason))
    return found


def status_by_key(key: str) -> SessionStatus | None:
    """Why a session that the engine does not know any more has ended, by its last key; ``None`` if
    nothing is known of it."""
    with _asking():
        row = registry.ended(key=key) if key else None
    return (
        None if row is None else SessionStatus(False, row.event.reason if row.event else "unknown")
    )


class SessionMonitor:
    """Over one session; an asynchronous context manager. ``interval``: seconds between two
    questions, give or take a tenth, where nobody tells that it has ended."""

    def __init__(
        self, identity: Identity, request: HttpRequest | None = None, *, interval: float
    ) -> None:
        self.identity, self.request, self.interval = identity, request, interval
        self._expires: datetime | None = None
        has_layer = getattr(settings, "CHANNEL_LAYERS", None)
        self._listener = import_string(LISTENER)(identity) if has_layer else NullListener()

    async def __aenter__(self) -> SessionMonitor:
        await self._listener.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._listener.__aexit__(*error)

    async def wait_until_ended(self) -> SessionStatus:
        """Wait until the session has ended, and say why. Raises :class:`SessionUnavailable` when
        nobody can tell any more whether it has."""
        while True:
            pause = self.interval * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
            reason = await self._listener.receive(pause)
            status = SessionStatus(False, reason) if reason else await self.get_status()
            if not status.active:
                return status

    async def get_status(self) -> SessionStatus:
        """Like the function; and whether the session is past its age, which no request looks at
        while there is none."""
        return await sync_to_async(self._get_status)()

    def _get_status(self) -> SessionStatus:
        with _asking():
            status = _ask_status(self.identity, self.request)
            if status.active and engines.current().drops_expired and self._is_past_age():
                return SessionStatus(False, Reason.EXPIRED)
        return status

    def _is_past_age(self) -> bool:
        # When it was saved last is written late: by so much, twice if two processes serve it.
        late = 2 * as_timedelta(logout_settings().LAST_SEEN_INTERVAL)
        now = timezone.now()
        if self._expires is None or self._expires + late < now:
            rows = registry.sessions().filter(pk=self.identity.id)
            # None: from before our time, and its time is to begin.
            self._expires = rows.values_list("expires_at", flat=True).first() or now
        return self._expires + late < now


class TokenMonitor(SessionMonitor):
    """Over somebody who was let in by a token of which nobody knows more: it is over when all of
    that user's logins have ended since."""

    def _get_status(self) -> SessionStatus:
        with _asking():
            cut = cutoffs.last_cutoff_of(self.identity.user_id)
        return SessionStatus(not cut.covers(self.identity.started_at), cut.reason)


class NullListener:
    """For projects without a channel layer: nobody tells."""

    async def __aenter__(self) -> NullListener:
        return self

    async def __aexit__(self, *error: Any) -> None:
        pass

    async def receive(self, seconds: float) -> str | None:
        """Wait so long."""
        await asyncio.sleep(seconds)
        return None


@contextmanager
def _asking() -> Iterator[None]:
    """Connections that are opened for a question are closed again: there are many sockets, each has
    its own (Django keeps caches by task, databases by thread), and the next question is far away.
    Those that were there may be in use."""
    database, alias = connections[registry.database()], status_cache.alias()
    was_open, found = database.connection is not None, caches.all(initialized_only=True)
    try:
        with unavailable_on(DatabaseError, OSError):
            yield
    finally:
        if not was_open:
            database.close()
        if all(cache is not caches[alias] for cache in found):
            caches[alias].close()
            del caches[alias]
