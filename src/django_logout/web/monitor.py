"""Monitor a session for longer than a request takes: while a socket is open or a stream flows.

Monitoring a session does not count as activity and does not extend the session.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from django_logout.conf import as_timedelta, logout_settings
from django_logout.ending import pipeline
from django_logout.ending.after_commit import log_exceptions
from django_logout.enums import Reason
from django_logout.exceptions import unavailable_on_outage
from django_logout.guard import decision, status_cache
from django_logout.guard.store import GuardedStore
from django_logout.sessions import cutoffs, engines, identity, registry, status
from django_logout.sessions.identity import Identity, is_derived
from django_logout.sessions.status import SessionStatus
from django_logout.types import Target

#: A dotted path, because this class needs Django Channels.
LISTENER = "django_logout.revokers.channels.broadcast.Listener"


def identity_of(session: Any) -> Identity | None:
    """Return whose login a loaded session holds, or ``None`` if it is anonymous."""
    if isinstance(session, GuardedStore):
        return session.identity
    return identity.identify(session, session.session_key)


def get_status(identity: Identity, request: HttpRequest | None = None) -> SessionStatus:
    """Return whether a session is active, or why it has ended or expired.

    This takes one cache read, and one query if the cache does not know. An expired session is
    ended, so that its other clients learn of it too. Raises :class:`SessionUnavailable` if the
    status cannot be read.
    """
    with _temporary_connections():
        return _read_status(identity, request)


def why_anonymous(session: Any, key: str) -> SessionStatus | None:
    """Return why a loaded session is anonymous that was presented with this key: the guard has
    refused it, or it has ended and the engine no longer has it. ``None`` if no such session is known.

    An expired session is ended, as :func:`get_status` does. Raises :class:`SessionUnavailable` if
    the registry cannot be read.
    """
    refused = session.state.refused if isinstance(session, GuardedStore) else None
    with _temporary_connections():
        if refused is not None:
            _end_if_expired(*refused)
            return refused[1]
        row = registry.find_ended(key=key) if key else None
    if row is None:
        return None
    return SessionStatus(False, row.event.reason if row.event else Reason.UNKNOWN)


class SessionMonitor:
    """Monitors one session, as an asynchronous context manager.

    ``interval`` is the time in seconds between two checks, plus or minus 10 %. With a channel layer
    the monitor is also notified when the session ends.
    """

    def __init__(
        self, identity: Identity, request: HttpRequest | None = None, *, interval: float
    ) -> None:
        self.identity, self.request, self.interval = identity, request, interval
        self._expires: datetime | None = None
        has_layer = getattr(settings, "CHANNEL_LAYERS", None)
        self._listener = import_string(LISTENER)(identity) if has_layer else None

    async def __aenter__(self) -> Self:
        if self._listener is not None:
            await self._listener.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        if self._listener is not None:
            await self._listener.__aexit__(*error)

    async def wait_until_ended(self) -> SessionStatus:
        """Wait until the session has ended, and return why.

        Raises :class:`SessionUnavailable` if its status can no longer be read.
        """
        # asyncio.sleep() returns None, as a listener does that is not notified in time.
        wait = asyncio.sleep if self._listener is None else self._listener.receive
        while True:
            pause = self.interval * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
            reason = await wait(pause)
            found = SessionStatus(False, reason) if reason else await self.get_status()
            if not found.active:
                return found

    async def get_status(self) -> SessionStatus:
        """Return the status as the function does. A session whose age is over has expired too,
        although no request comes that would find that out."""
        return await sync_to_async(self._get_status)()

    def _get_status(self) -> SessionStatus:
        with _temporary_connections():
            found = _read_status(self.identity, self.request)
            if found.active and engines.current_engine().drops_expired and self._is_past_age():
                return SessionStatus(False, Reason.EXPIRED)
        return found

    def _is_past_age(self) -> bool:
        # Each process writes the expiry up to this interval late. Two processes may serve a session.
        late = 2 * as_timedelta(logout_settings().LAST_SEEN_INTERVAL)
        now = timezone.now()
        if self._expires is None or self._expires + late < now:
            rows = registry.sessions().filter(pk=self.identity.id)
            # An adopted session has no expiry in its row until its next save.
            self._expires = rows.values_list("expires_at", flat=True).first() or now
        return self._expires + late < now


class TokenMonitor(SessionMonitor):
    """Monitors a user who has authenticated with a token of an unknown login. The monitor ends when
    all logins of that user have been ended since."""

    def _get_status(self) -> SessionStatus:
        with _temporary_connections():
            cutoff = cutoffs.last_cutoff_of(self.identity.user_id)
        return SessionStatus(not cutoff.covers(self.identity.started_at), cutoff.reason)


def _read_status(identity: Identity, request: HttpRequest | None) -> SessionStatus:
    # A cache that is not used for the status may hold entries from a time when it was.
    read = status_cache.get_status if status_cache.used_cache() else status.get_status
    found = read(identity)
    if found.active:
        found = decision.check_timeouts(identity, request)
    if found.active and is_derived(identity.id):
        found, _ = decision.check_origins(identity, request)
    _end_if_expired(identity, found)
    return found


def _end_if_expired(identity: Identity, found: SessionStatus) -> None:
    if found.expired:
        target = Target.session(identity.id)
        log_exceptions(partial(pipeline.end_sessions, target, reason=found.reason))


@contextmanager
def _temporary_connections() -> Iterator[None]:
    """Close the connections that were opened for one check of the status.

    There may be many sockets. Each would keep its own connections (Django keeps caches by task,
    and databases by thread) until its next check. Connections that were open before may be in use,
    so they stay open.
    """
    database, alias = connections[registry.database()], status_cache.alias()
    was_open, known = database.connection is not None, caches.all(initialized_only=True)
    try:
        with unavailable_on_outage():
            yield
    finally:
        if not was_open:
            database.close()
        if all(cache is not caches[alias] for cache in known):
            caches[alias].close()
            del caches[alias]
