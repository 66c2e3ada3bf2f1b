"""Detect replayed cookies: the cookie of an ended session comes back, so an attacker may have a copy.

Two cases are no alarm. A browser that logs out deletes its cookie, but may have sent other requests
just before. A browser whose session was ended from elsewhere sends its cookie once more, is
refused, and deletes the cookie then.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import Error
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from django_logout.enums import Reason, Scope
from django_logout.guard.presented import own_session_ids
from django_logout.guard.state import SessionState
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import registry
from django_logout.sessions.devices import device_name, stored_ip, user_agent
from django_logout.signals import session_replayed
from django_logout.types import EndedSession, Ending
from django_logout.utils.bounded import BoundedDict

logger = logging.getLogger("django_logout.security")

#: How long requests may still arrive that a browser sent before it was notified: as long as a slow
#: upload or a request that a service worker has queued may take. A copy of the cookie is refused in
#: this time too. It causes no alarm only if its client looks like that browser.
GRACE = timedelta(seconds=60)
#: A process counts the replays of one session at most once in this time.
INTERVAL = timedelta(seconds=60)

#: When this process last counted a replay, by session.
_counted: BoundedDict[UUID, datetime] = BoundedDict()


def detect_replay(request: HttpRequest, state: SessionState) -> str | None:
    """Return why the session of this request has ended, or ``None`` if it has not. Raise the alarm
    if its cookie was replayed.

    An active session costs nothing. A key that the engine does not know costs one query, if the
    registry stores keys.
    """
    if state.refused is None and not (state.key_unknown and state.key):
        return None
    session_id, reason = None, None
    if state.refused is not None:
        session_id, reason = state.refused[0].id, state.refused[1].reason
        if not _is_due(session_id):
            return reason
    try:
        row = registry.find_ended(session_id=session_id, key=state.key or "")
        if row is None:
            return reason
        if _is_due(row.pk) and _is_replay(request, row):
            _raise_alarm(request, row)
        return reason or (row.event.reason if row.event else Reason.UNKNOWN)
    except Error:
        logger.exception("Replay detection failed.")
        return reason


def on_ending(sender: Any, ending: Ending, event: LogoutEvent, **kwargs: Any) -> None:
    """Record that the response notifies the browser of this ending, if its own session is among
    the ended ones: it ended several sessions, switched to another user, or came too late.

    A plain logout needs no record, because its event says so.
    """
    if event.scope == Scope.CURRENT:
        return
    own_ids = own_session_ids(ending.request).intersection(s.id for s in ending.sessions)
    if own_ids:
        registry.sessions().filter(pk__in=own_ids).update(notified_at=event.created_at)


def _is_due(session_id: UUID) -> bool:
    counted = _counted.get(session_id)
    return counted is None or timezone.now() - counted >= INTERVAL


def _is_replay(request: HttpRequest, row: LoginSession) -> bool:
    now, agent, event = timezone.now(), user_agent(request), row.event
    if event is not None and event.scope == Scope.CURRENT:  # The browser logged out by itself.
        same = agent == event.user_agent and stored_ip(request) == event.ip_address
        return not same or now - (row.ended_at or now) >= GRACE
    # Compare only the name of the device. Between login and ending, browsers are updated and get
    # other addresses.
    if row.device and device_name(agent) != device_name(row.user_agent):
        return True
    if row.notified_at is None:
        registry.sessions().filter(pk=row.pk, notified_at=None).update(notified_at=now)
    return row.notified_at is not None and now - row.notified_at >= GRACE


def _raise_alarm(request: HttpRequest, row: LoginSession) -> None:
    _counted[row.pk] = timezone.now()
    rows = registry.sessions().filter(pk=row.pk)
    first = not row.replays and rows.filter(replays=0).update(replays=1)
    if not first:
        rows.update(replays=F("replays") + 1)
    logger.warning(
        "The cookie of an ended session was replayed.",
        extra={
            "session": str(row.pk),
            "user": str(row.user_id),
            "reason": row.event.reason if row.event else Reason.UNKNOWN,
            "ended_at": row.ended_at,
            "ip_address": stored_ip(request),
            "user_agent": user_agent(request),
        },
    )
    if first:
        session = EndedSession(row.pk, row.user_id)
        session_replayed.send_robust(sender=LoginSession, session=session, request=request)
