"""May a session that the engine has loaded be served? It has neither ended nor expired.

Asked before the view sees whose it is. What the process remembers of its activity can only be
earlier than the truth (others may have seen the session since), so a session that is within its
limits by that is within them, and nobody is asked. Only what seems to have expired, or has not
been met yet, costs one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.guard import status_cache
from django_logout.guard.state import SessionState
from django_logout.sessions import activity, registry, status, timeouts
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus
from django_logout.sessions.timeouts import Limits

if TYPE_CHECKING:
    from django.http import HttpRequest

#: What the cache remembers of a session, if that has been read with it.
Remembered = Mapping[str, Any] | None
#: Whether a session is within its limits, by its row.
AskExpiry = Callable[[Identity], SessionStatus]


def recall(identity: Identity) -> SessionStatus | None:
    """Whether a session is within its limits by what this process knows; ``None``: ask."""
    given = logout_settings()
    if given.IDLE_TIMEOUT is None and given.ABSOLUTE_TIMEOUT is None:
        return SessionStatus(True)
    now, memory = timezone.now(), activity.get_memory(identity.id)
    limits = activity.limits_of(memory, now)
    if limits is None:
        return None
    begun = memory.begun if memory is not None else None
    seen = memory.seen if memory is not None else None
    if limits.idle_timeout is None:
        seen = now
    if seen is None:
        return None
    begun = begun or datetime.fromtimestamp(identity.started_at, UTC if settings.USE_TZ else None)
    over = timeouts.expired(limits, begun=begun, seen=seen, now=now)
    return None if over else SessionStatus(True)


def ask(identity: Identity, request: HttpRequest | None) -> SessionStatus:
    """Whether a session is within its limits, by its row."""
    given = logout_settings()
    rows = registry.sessions().filter(pk=identity.id)
    by_user = timeouts.depend_on_user(given)
    row = (rows.select_related("user") if by_user else rows).first()
    if row is None:
        # One from before our time gets its row with this request, and its time begins.
        return SessionStatus(not identity.registered)
    if row.ended_at is not None:
        return status.get_status(identity)
    limits = _limits(row.user if by_user else None, request)
    memory, now = activity.get_memory(row.pk), timezone.now()
    seen = max(row.last_seen_at, (memory and memory.seen) or row.last_seen_at)
    over = timeouts.expired(limits, begun=row.authenticated_at, seen=seen, now=now)
    if over is not None:
        return SessionStatus(False, over, expired=True)
    memory = activity.remember(row)
    memory.limits, memory.limits_at = limits, now
    return SessionStatus(True)


def _limits(user: Any, request: HttpRequest | None) -> Limits:
    with _signed_in(request, user):
        return timeouts.limits_for(logout_settings(), user, request)


@contextmanager
def _signed_in(request: HttpRequest | None, user: Any) -> Iterator[None]:
    """Whoever asks ``request.user`` for it is told, and Django remembers nothing of that: the
    session may turn out to have expired."""
    if request is None or user is None:
        yield
        return
    before = request.__dict__.get("user")
    request.user = user
    try:
        yield
    finally:
        if before is None:
            del request.user
        else:
            request.user = before


def decide(
    state: SessionState, identity: Identity, remembered: Remembered, ask_expiry: AskExpiry
) -> SessionStatus:
    """Whether a session that has been loaded is served: it has neither ended nor expired."""
    found = ask_status(state, identity, remembered)
    if found.active:
        found = recall(identity) or ask_expiry(identity)
    return found


async def adecide(
    state: SessionState, identity: Identity, remembered: Remembered, ask_expiry: AskExpiry
) -> SessionStatus:
    """Like :func:`decide`; leaves the event loop only when the row must be asked."""
    found = await aask_status(state, identity, remembered)
    if found.active:
        found = recall(identity) or await sync_to_async(ask_expiry)(identity)
    return found


def ask_status(state: SessionState, identity: Identity, remembered: Remembered) -> SessionStatus:
    """Ask the gate, unless what the engine has loaded settles it."""
    cut_off = _is_cut_off(state, identity)
    if cut_off is None:
        return status_cache.get_status(identity, remembered)
    return _why_cut_off(identity) if cut_off else SessionStatus(True)


async def aask_status(
    state: SessionState, identity: Identity, remembered: Remembered
) -> SessionStatus:
    """Like :func:`ask_status`."""
    cut_off = _is_cut_off(state, identity)
    if cut_off is None:
        return await status_cache.aget_status(identity, remembered)
    return await sync_to_async(_why_cut_off)(identity) if cut_off else SessionStatus(True)


def _is_cut_off(state: SessionState, identity: Identity) -> bool | None:
    if state.cut_off is None or not identity.registered:
        return None
    return identity.started_at < state.cut_off


def _why_cut_off(identity: Identity) -> SessionStatus:
    found = status_cache.get_status_from_row(identity)
    return SessionStatus(False, Reason.CUTOFF) if found.active else found
