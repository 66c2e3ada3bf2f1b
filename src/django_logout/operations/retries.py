"""Run the revokers again that failed when sessions ended.

The wait doubles after each attempt. After the last attempt the event stays incomplete.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.http import HttpRequest
from django.utils import timezone

from django_logout import hooks
from django_logout.ending.selection import BATCH
from django_logout.enums import Scope
from django_logout.hooks import Attempt
from django_logout.models import LogoutEvent
from django_logout.revokers.runner import announce_ending, run_revokers
from django_logout.sessions import registry
from django_logout.types import EndedSession, Ending, Outcome, Target
from django_logout.utils.bounded import batched

logger = logging.getLogger("django_logout")

#: How many times a revoker is run again.
TRIES = 10
#: The wait between the ending and the first attempt. It doubles with each attempt.
WAIT = timedelta(minutes=1)


def retry_all(
    event_ids: Collection[UUID] = (), *, now: bool = False, dry_run: bool = False
) -> Iterator[Attempt]:
    """Retry all that is due, and yield each attempt: the revokers first, then ``hooks.retries``."""
    for event in incomplete_events(event_ids, now=now):
        tried = event if dry_run else retry_revokers(event, now=now)
        yield Attempt(str(tried.pk), list(_failed(tried)))
    for retry in hooks.retries:
        yield from retry(event_ids, now=now, dry_run=dry_run)


def incomplete_events(
    event_ids: Collection[UUID] = (), *, now: bool = False
) -> Iterator[LogoutEvent]:
    """Yield the events with a failed revoker whose next attempt is due.

    With ``now``, yield also those that have to wait, or have no attempts left.
    """
    events = LogoutEvent.objects.using(registry.database()).filter(complete=False)
    if event_ids:
        events = events.filter(pk__in=event_ids)
    for event in events.order_by("created_at").iterator(chunk_size=100):
        if any(now or _is_due(event, entry) for entry in _failed(event).values()):
            yield event


def retry_revokers(event: LogoutEvent, *, now: bool = False) -> LogoutEvent:
    """Run the event's failed revokers, and store their new outcomes in the event."""
    using = registry.database()
    skip_locked = connections[using].features.has_select_for_update_skip_locked
    with transaction.atomic(using=using):
        rows = LogoutEvent.objects.using(using).select_for_update(skip_locked=skip_locked)
        locked = rows.filter(pk=event.pk, complete=False).first()
        if locked is None:  # another process is retrying this event, or has completed it
            return LogoutEvent.objects.using(using).get(pk=event.pk)
        for name, entry in _failed(locked).items():
            if now or _is_due(locked, entry):
                _try(locked, name, entry)
        outcomes = locked.outcomes.values()
        locked.complete = not any(entry["error"] or entry.get("left") for entry in outcomes)
        locked.save(using=using, update_fields=["outcomes", "complete"])
    extra = {"event": str(locked.pk), "complete": locked.complete, "outcomes": locked.outcomes}
    result = "complete" if locked.complete else "not complete"
    logger.info("Retried the revokers of an ending: %s.", result, extra=extra)
    return locked


def _failed(event: LogoutEvent) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in event.outcomes.items() if entry["error"]}


def _is_due(event: LogoutEvent, entry: dict[str, Any]) -> bool:
    tries = entry.get("tries", 0)
    last = datetime.fromisoformat(entry["tried_at"]) if tries else event.created_at
    return bool(tries < TRIES and timezone.now() >= last + WAIT * 2**tries)


def _try(event: LogoutEvent, name: str, entry: dict[str, Any]) -> None:
    error = ""
    left: list[Any] = []
    for ending, users in _endings(event, entry):
        outcome = next(iter(run_revokers(ending, only={name})), Outcome(name, error=entry["error"]))
        entry["ended"] += outcome.count
        if not outcome.error:
            outcome = next(iter(announce_ending(ending, only={name})), outcome)
        if outcome.error:
            error, left = outcome.error, [*left, *users]
    entry.pop("users", None)
    entry["error"] = error
    entry["tries"], entry["tried_at"] = entry.get("tries", 0) + 1, timezone.now().isoformat()
    if left:
        entry["users"] = left


def _endings(event: LogoutEvent, entry: dict[str, Any]) -> Iterator[tuple[Ending, list[Any]]]:
    """Yield the ending again, in batches. Of many users, only those for whom it failed.

    The second item is the primary keys of the batch's users, if there are many.
    """
    rows = registry.sessions().filter(event_id=event.pk).order_by("pk")
    scope, user = Scope(event.scope), event.user
    if scope is Scope.USERS:
        for users in batched(entry.get("users", []), BATCH):
            target = Target.users(registry.users().filter(pk__in=users))
            yield _ending(event, target, rows.filter(user_id__in=users)), users
    elif scope is Scope.SESSIONS:
        for ids in batched(rows.values_list("pk", flat=True), BATCH):
            yield _ending(event, Target.sessions(ids), rows.filter(pk__in=ids)), []
    elif scope in {Scope.USER, Scope.OTHERS, Scope.CREDENTIAL}:
        if user is None:  # the account was deleted, and its credentials with it
            return
        if scope is Scope.USER:
            target = Target.user(user)
        elif scope is Scope.CREDENTIAL:
            target = Target.credential(user, entry["credential"])
        else:
            # An empty request presents no session. The registry knows which ones were kept.
            request = HttpRequest()
            request.user = user
            target = Target.others(request)
        yield _ending(event, target, rows), []
    else:
        session_id = rows.values_list("pk", flat=True).first() if scope is Scope.SESSION else None
        yield _ending(event, Target(scope, session_id), rows), []


def _ending(event: LogoutEvent, target: Target, rows: Any) -> Ending:
    return Ending(
        id=event.pk,
        target=target,
        reason=event.reason,
        actor=event.actor,
        request=None,
        at=event.created_at,
        is_retry=True,
        sessions=tuple(EndedSession(*row) for row in rows.values_list("pk", "user_id", "kind")),
    )
