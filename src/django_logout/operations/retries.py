"""Let revokers that failed try again, for the endings that are not complete.

Each try waits twice as long as the one before, and after the last nobody tries any more: what
an event says of it then stands.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.http import HttpRequest
from django.utils import timezone

from django_logout.ending.selection import BATCH
from django_logout.enums import Scope
from django_logout.models import LogoutEvent
from django_logout.revokers.runner import announce, revoke
from django_logout.sessions import registry
from django_logout.types import EndedSession, Ending, Outcome, Target

logger = logging.getLogger("django_logout")

#: How often a revoker tries again.
TRIES = 10
#: After the ending, and then after each try: this, twice this, four times this …
WAIT = timedelta(minutes=1)


def incomplete(event_ids: Collection[Any] = (), *, now: bool = False) -> Iterator[LogoutEvent]:
    """Events that say that something failed, and whose time to try again has come; all of them,
    spent tries too, if that is to be ``now``."""
    events = LogoutEvent.objects.using(registry.database()).filter(complete=False)
    if event_ids:
        events = events.filter(pk__in=event_ids)
    for event in events.order_by("created_at").iterator(chunk_size=100):
        if any(now or _is_due(event, entry) for entry in _failed(event).values()):
            yield event


def retry(event: LogoutEvent, *, now: bool = False) -> LogoutEvent:
    """Let those revokers try again, and write into the event what came of it."""
    using = registry.database()
    skip_locked = connections[using].features.has_select_for_update_skip_locked
    with transaction.atomic(using=using):
        rows = LogoutEvent.objects.using(using).select_for_update(skip_locked=skip_locked)
        locked = rows.filter(pk=event.pk, complete=False).first()
        if locked is None:  # somebody else is at it, or has been
            return LogoutEvent.objects.using(using).get(pk=event.pk)
        for name, entry in _failed(locked).items():
            if now or _is_due(locked, entry):
                _try(locked, name, entry)
        locked.complete = not any(_is_open(entry) for entry in locked.outcomes.values())
        locked.save(using=using, update_fields=["outcomes", "complete"])
    extra = {"event": str(locked.pk), "complete": locked.complete, "outcomes": locked.outcomes}
    logger.info("Tried again: %s.", "complete" if locked.complete else "not complete", extra=extra)
    return locked


def failed(event: LogoutEvent) -> list[str]:
    """Names of what has still to be revoked."""
    return list(_failed(event))


def _failed(event: LogoutEvent) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in event.outcomes.items() if entry["error"]}


def _is_open(entry: dict[str, Any]) -> bool:
    return bool(entry["error"] or entry.get("left"))


def _is_due(event: LogoutEvent, entry: dict[str, Any]) -> bool:
    tries = entry.get("tries", 0)
    last = datetime.fromisoformat(entry["tried_at"]) if tries else event.created_at
    return bool(tries < TRIES and timezone.now() >= last + WAIT * 2**tries)


def _try(event: LogoutEvent, name: str, entry: dict[str, Any]) -> None:
    error = ""
    left: list[Any] = []
    for ending, users in _endings(event, entry):
        done = next(iter(revoke(ending, only={name})), Outcome(name, error=entry["error"]))
        entry["ended"] += done.count
        if not done.error:
            done = next(iter(announce(ending, only={name})), done)
        if done.error:
            error, left = done.error, [*left, *users]
    entry.pop("users", None)
    entry["error"] = error
    entry["tries"], entry["tried_at"] = entry.get("tries", 0) + 1, timezone.now().isoformat()
    if left:
        entry["users"] = left


def _endings(event: LogoutEvent, entry: dict[str, Any]) -> Iterator[tuple[Ending, list[Any]]]:
    """The ending as it was, in parts; of many users, the part of those for whom it failed."""
    rows = registry.sessions().filter(event_id=event.pk).order_by("pk")
    scope = Scope(event.scope)
    if scope is Scope.USERS:
        model = get_user_model()
        for users in _chunks(entry.get("users", [])):
            theirs = model._base_manager.using(registry.database()).filter(pk__in=users)
            yield _ending(event, Target.users(theirs), rows.filter(user_id__in=users)), users
    elif scope is Scope.SESSIONS:
        for ids in _chunks(list(rows.values_list("pk", flat=True))):
            yield _ending(event, Target.sessions(ids), rows.filter(pk__in=ids)), []
    elif scope in {Scope.USER, Scope.OTHERS, Scope.CREDENTIAL}:
        if event.user is not None:  # else there is nobody left to be let in
            yield _ending(event, _of_user(event, scope, entry), rows), []
    else:
        value = rows.values_list("pk", flat=True).first() if scope is Scope.SESSION else None
        yield _ending(event, Target(scope, value), rows), []


def _of_user(event: LogoutEvent, scope: Scope, entry: dict[str, Any]) -> Target:
    if scope is Scope.CREDENTIAL:
        return Target.credential(event.user, entry["credential"])
    if scope is Scope.USER:
        return Target.user(event.user)
    request = HttpRequest()  # made by nobody; what goes on is known from the registry
    request.user = event.user  # type: ignore[assignment]
    return Target.others(request)


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


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for begin in range(0, len(items), BATCH):
        yield items[begin : begin + BATCH]
