"""The record: one event for each ending, and one structured line in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from django_logout import registry
from django_logout.devices import stored_ip, user_agent
from django_logout.models import LogoutEvent
from django_logout.types import Ending, Outcome, Scope

logger = logging.getLogger("django_logout")


def record(ending: Ending, outcomes: Iterable[Outcome]) -> LogoutEvent:
    """Write the event of an ending, in the caller's transaction."""
    outcomes = tuple(outcomes)
    subject = _subject(ending)
    event = LogoutEvent(
        pk=ending.id,
        created_at=ending.at,
        reason=str(ending.reason),
        scope=ending.target.scope,
        user_id=getattr(subject, "pk", None),
        user_label=_label(subject),
        actor_id=getattr(ending.actor, "pk", None),
        actor_label=_label(ending.actor),
        sessions=next((o.count for o in outcomes if o.revoker == "session"), 0),
        complete=not any(outcome.error for outcome in outcomes),
        ip_address=stored_ip(ending.request),
        user_agent=user_agent(ending.request),
        outcomes={o.revoker: {"ended": o.count, "error": o.error} for o in outcomes},
    )
    event.save(using=registry.database(), force_insert=True)
    return event


def recount(event: LogoutEvent | None, sessions: int) -> None:
    """More sessions have ended with an event than it says."""
    if event is not None:
        event.sessions = sessions
        event.save(using=registry.database(), update_fields=["sessions"])


def log(ending: Ending, event: LogoutEvent) -> None:
    """Write the log line: facts as key-value extras, and never a session key."""
    logger.info(
        "Logged out: %s session(s), scope %s, reason %s.",
        event.sessions,
        event.scope,
        event.reason,
        extra={
            "event": str(event.pk),
            "reason": event.reason,
            "scope": event.scope,
            "user": None if event.user_id is None else str(event.user_id),
            "actor": event.actor_label,
            "sessions": [str(session.id) for session in ending.sessions[:20]],
            "complete": event.complete,
            "outcomes": event.outcomes,
        },
    )


def _subject(ending: Ending) -> Any:
    """The user whose sessions these are, if the ending is about one."""
    if ending.target.scope is Scope.USER:
        return ending.target.value
    users = {session.user_id for session in ending.sessions}
    if len(users) != 1:
        return None
    (user_id,) = users
    here = getattr(ending.request, "user", None)
    if getattr(here, "pk", None) == user_id:
        return here
    return get_user_model()._base_manager.filter(pk=user_id).first()


def _label(who: Any) -> str:
    return "" if who is None else str(who)[:255]
