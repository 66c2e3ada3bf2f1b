"""Decide whether a session that was loaded may be served: it has neither ended nor expired.

A process remembers when it saw a session last. Other processes may have seen it later, so what a
process remembers can only be earlier than the truth. A session that is within its timeouts by that
memory is within them; only one that seems expired, or is new to the process, costs a query.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from django_logout.conf import logout_settings
from django_logout.enums import Reason
from django_logout.guard import status_cache
from django_logout.guard.state import SessionState
from django_logout.models import LoginSession
from django_logout.sessions import activity, cutoffs, registry, status, timeouts
from django_logout.sessions.identity import Identity
from django_logout.sessions.status import SessionStatus

#: What the cache holds of a session's status, if that was read with the session.
Remembered = status_cache.Entries | None
#: Return by the row whether a session is within its timeouts.
AskTimeouts = Callable[[Identity], SessionStatus]

login_checks: list[Callable[[Any, UUID], str | None]] = []
"""Called when a request first asks whose session it has, with the session and its public id. Each
returns the reason for which the session has just been ended, or ``None``. It may raise
:class:`SessionUnavailable`. Not in ``hooks``, which most processes need not import."""


def decide_status(
    state: SessionState, identity: Identity, remembered: Remembered, ask_timeouts: AskTimeouts
) -> SessionStatus:
    """Return the status of a session: whether it has ended first, then its timeouts."""
    found = ask_status(state, identity, remembered)
    if found.active:
        found = timeouts_from_memory(identity) or ask_timeouts(identity)
    if found.active and identity.derived:
        found, state.origins = check_origins(identity, state.request)
    return found


def check_origins(
    identity: Identity, request: HttpRequest | None
) -> tuple[SessionStatus, Sequence[LoginSession]]:
    """Return whether a derived session may be served, and the sessions that it is derived from.

    It may be served while the user who impersonates its user would be: the session of that user is
    active and within its timeouts, the account is not disabled, and the password is the same. The
    rows are asked each time, since no signal tells of an account that SQL has changed.
    """
    origins = list(registry.origins(identity.id))
    # A session that is derived from none is refused by the step that has neither.
    rows: list[LoginSession | None] = [*origins] or [None]
    steps = zip_longest(rows, identity.origin_hashes)
    checked = (_check_origin(*step, identity, request) for step in steps)
    found = next((each for each in checked if not each.active), SessionStatus(True))
    return found, origins


def _check_origin(
    origin: LoginSession | None,
    auth_hash: str | None,
    identity: Identity,
    request: HttpRequest | None,
) -> SessionStatus:
    if origin is None or auth_hash is None:
        return SessionStatus(False, Reason.FLUSHED, expired=True)
    given, now, memory = logout_settings(), timezone.now(), activity.get_memory(identity.id)
    reason = status.why_refused(origin.user, auth_hash)
    if reason is None and not (given.IDLE_TIMEOUT is None and given.ABSOLUTE_TIMEOUT is None):
        with _with_user(request, origin.user):
            limits = timeouts.limits_for(given, origin.user, request)
        # The origin is used while the session is that is derived from it.
        seen = (memory and memory.seen) or origin.last_seen_at
        begun = origin.authenticated_at
        reason = timeouts.why_expired(limits, begun=begun, seen=seen, now=now)
    return SessionStatus(True) if reason is None else SessionStatus(False, reason, expired=True)


def ask_status(state: SessionState, identity: Identity, remembered: Remembered) -> SessionStatus:
    """Return whether a session has ended, by what the engine has loaded if that proves it."""
    if identity.registered and identity.id == state.active_id:
        return SessionStatus(True)
    return status_cache.get_status(identity, remembered)


def timeouts_from_memory(identity: Identity) -> SessionStatus | None:
    """Return that a session is within its timeouts, or ``None`` if this process cannot tell."""
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
    begun = begun or cutoffs.moment_of(identity.started_at)
    expired = timeouts.why_expired(limits, begun=begun, seen=seen, now=now)
    return None if expired else SessionStatus(True)


def timeouts_from_row(identity: Identity, request: HttpRequest | None) -> SessionStatus:
    """Return by its row whether a session is within its timeouts."""
    given = logout_settings()
    rows = registry.sessions().filter(pk=identity.id)
    by_user = timeouts.depend_on_user(given)
    row = (rows.select_related("user") if by_user else rows).first()
    if row is None:
        # A session from before the installation gets its row, and its start, with this request.
        return SessionStatus(not identity.registered)
    if row.ended_at is not None:
        return status.get_status(identity)
    user = row.user if by_user else None
    with _with_user(request, user):
        limits = timeouts.limits_for(given, user, request)
    memory, now = activity.get_memory(row.pk), timezone.now()
    seen = max(row.last_seen_at, (memory and memory.seen) or row.last_seen_at)
    reason = timeouts.why_expired(limits, begun=row.authenticated_at, seen=seen, now=now)
    if reason is not None:
        return SessionStatus(False, reason, expired=True)
    memory = activity.remember_row(row)
    memory.limits, memory.limits_at = limits, now
    return SessionStatus(True)


def check_timeouts(identity: Identity, request: HttpRequest | None) -> SessionStatus:
    """Return whether a session is within its timeouts, by the row if this process cannot tell."""
    return timeouts_from_memory(identity) or timeouts_from_row(identity, request)


@contextmanager
def _with_user(request: HttpRequest | None, user: Any) -> Iterator[None]:
    """Set ``request.user`` for a callable timeout that asks for it.

    Without this, Django would keep the user on the request although the session may turn out to
    have expired.
    """
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
