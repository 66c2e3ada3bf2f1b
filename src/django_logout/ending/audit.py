"""Record an ending: one event in the database, and one structured line in the log."""

import logging
from collections.abc import Iterable, Mapping
from copy import copy, deepcopy
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Model

from django_logout.enums import SESSION, Scope
from django_logout.models import LogoutEvent
from django_logout.sessions import registry
from django_logout.sessions.devices import client_facts
from django_logout.sessions.identity import is_derived
from django_logout.sessions.sql import insert
from django_logout.types import Ending, Outcome

logger = logging.getLogger("django_logout")


def record_event(ending: Ending, outcomes: Iterable[Outcome], database: str) -> LogoutEvent:
    """Write the event of an ending, in the caller's transaction."""
    outcomes = tuple(outcomes)
    subject = _subject(ending)
    event = LogoutEvent(
        pk=ending.id,
        created_at=ending.at,
        reason=str(ending.reason),
        scope=ending.target.scope,
        user_id=_user_key(subject),
        user_label=_label(subject),
        actor_id=_user_key(ending.actor),
        actor_label=_label(ending.actor),
        sessions=next((o.count for o in outcomes if o.revoker == "session"), 0),
        complete=not any(outcome.error or outcome.left for outcome in outcomes),
        **client_facts(ending.request),
        outcomes={outcome.revoker: _entry(ending, outcome) for outcome in outcomes},
    )
    insert(event, database)
    return event


def append_batch(event: LogoutEvent, ending: Ending, outcomes: Iterable[Outcome]) -> LogoutEvent:
    """Add a further batch of an ending to its event, in the transaction of that batch.

    Returns the changed event. The given one stays as it is, for a transaction that is repeated.
    """
    event = _copy(event)
    for outcome in outcomes:
        _add(event.outcomes[outcome.revoker], _entry(ending, outcome))
        event.complete = event.complete and not outcome.error
        if outcome.revoker == "session":
            event.sessions += outcome.count
    if {session.user_id for session in ending.sessions} - {event.user_id}:
        event.user, event.user_label = None, ""
    event.save(using=registry.database())
    return event


def record_failures(event: LogoutEvent, ending: Ending, failures: Iterable[Outcome]) -> None:
    """Add what failed after the ending, or this batch of it, was committed."""
    for failure in failures:
        _add(event.outcomes[failure.revoker], _entry(ending, failure))
        event.complete = False
    event.save(using=registry.database(), update_fields=["outcomes", "complete"])


def record_interruption(event: LogoutEvent | None, *, left: int) -> None:
    """Record that an ending failed between two batches, with the number of users or sessions left.

    Only a new ending ends those; a retry has nothing to try again.
    """
    if event is not None:
        event.complete = False
        event.outcomes["session"]["left"] = left
        event.save(using=registry.database(), update_fields=["outcomes", "complete"])
    logger.warning(
        "Interrupted: %s users or sessions are left.",
        left,
        extra={"event": event and str(event.pk), "left": left},
    )


def is_recorded(event_id: UUID) -> bool:
    """Return whether an event is stored; its transaction, or a savepoint, may be rolled back."""
    return LogoutEvent.objects.using(registry.database()).filter(pk=event_id).exists()


def add_counts(event: LogoutEvent, kinds: Mapping[str, int]) -> LogoutEvent:
    """Add sessions to the counts of an event, as numbers by kind, and return the changed event."""
    event = _copy(event)
    event.sessions += kinds.get(SESSION, 0)
    for kind in kinds.keys() & event.outcomes.keys():
        event.outcomes[kind]["ended"] += kinds[kind]
    event.save(using=registry.database(), update_fields=["sessions", "outcomes"])
    return event


def _copy(event: LogoutEvent) -> LogoutEvent:
    event = copy(event)
    event.outcomes = deepcopy(event.outcomes)
    return event


def _entry(ending: Ending, outcome: Outcome) -> dict[str, Any]:
    entry: dict[str, Any] = {"ended": outcome.count, "error": outcome.error}
    if outcome.exempt:
        entry["exempt"] = outcome.exempt
    if outcome.left:  # No retry can end them: no record names them.
        entry["left"] = outcome.left
    if outcome.error and ending.target.scope is Scope.CREDENTIAL:
        entry["credential"] = str(ending.target.value[1])
    if outcome.error and ending.target.scope is Scope.USERS:
        # Which users: no row names those who had no session.
        entry["users"] = [str(pk) for pk in ending.target.value.values_list("pk", flat=True)]
    return entry


def _add(entry: dict[str, Any], more: Mapping[str, Any]) -> None:
    entry["ended"] += more["ended"]
    entry["error"] = entry["error"] or more["error"]
    if "exempt" in more:
        entry["exempt"] = entry.get("exempt", 0) + more["exempt"]
    if "users" in more:
        entry["users"] = [*entry.get("users", ()), *more["users"]]


#: The log lines by level. The second is for an ending that the cache did not take.
LINES = {
    logging.INFO: "Logged out: %s session(s), scope %s, reason %s.",
    logging.WARNING: "Not logged out everywhere yet: %s session(s), scope %s, reason %s.",
}


def log_ending(ending: Ending, event: LogoutEvent, *, level: int = logging.INFO) -> None:
    """Write the log line, with the facts as extras, and never a session key."""
    logger.log(
        level,
        LINES[level],
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
    """Return the user whose sessions end, if it is one user."""
    if ending.target.scope in {Scope.USER, Scope.OTHERS}:
        return ending.target.owner
    if ending.target.scope is Scope.CREDENTIAL:
        return ending.target.value[0]
    users = {session.user_id for session in ending.sessions}
    if len(users) > 1:  # A session that is derived from another is no session of its user's own.
        own = {session.user_id for session in ending.sessions if not is_derived(session.id)}
        users = own or users
    if len(users) != 1 or ending.target.scope is Scope.USERS:
        return None
    (user_id,) = users
    user = getattr(ending.request, "user", None)
    if user_id is None:
        return user if _is_of_other_model(user) else None
    if getattr(user, "pk", None) == user_id and not _is_of_other_model(user):
        return user
    return registry.find_user(user_id)


def _user_key(user: Any) -> Any:
    """Return the primary key of a user of ``AUTH_USER_MODEL``; ``None`` for any other."""
    return None if user is None or _is_of_other_model(user) else user.pk


def _is_of_other_model(user: Any) -> bool:
    return isinstance(user, Model) and not isinstance(user, get_user_model())


def _label(user: Any) -> str:
    try:
        return "" if user is None else str(user)[:255]
    except Exception:  # noqa: BLE001 - a failing __str__() must not stop the ending
        return str(getattr(user, "pk", ""))
