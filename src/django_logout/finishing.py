"""What an ending does once it is committed: it ends what it overlooked, then tells the cache, the
log and the receivers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import transaction

from django_logout import audit, engines, families, gate, registry, revoking
from django_logout.browser import presented, stores
from django_logout.exceptions import SessionNotEnded
from django_logout.models import LoginSession, LogoutEvent
from django_logout.selection import Part
from django_logout.signals import session_ended
from django_logout.types import SESSION, Ending, LogoutResult, Scope, Target

logger = logging.getLogger("django_logout")


class Marks(NamedTuple):
    """What the cache is told of an ending."""

    ids: Set[UUID]
    "Of the sessions."
    user_pks: Set[Any] = frozenset()
    "Of users all of whose logins have ended, as far as tokens are asked for that."


def finish(part: Part, ending: Ending, result: LogoutResult, marks: Marks) -> LogoutResult:
    """Announce an ending that is committed, after having ended what it overlooked. Gives what it
    came to in the end.

    Raises :class:`SessionNotEnded` if readers may go on believing for a while what they saw
    before; it is announced all the same.
    """
    try:
        ending = _end_overlooked(part, ending, result)
    except Exception as error:
        raise SessionNotEnded("Sessions that began meanwhile could not be ended.") from error
    ids = {*marks.ids, *(session.id for session in ending.sessions)}
    everyone = ending.target.scope is Scope.EVERYONE
    closed = gate.close(ids, ending.reason, user_pks=marks.user_pks, everyone=everyone)
    quietly(partial(engines.current().forget, ending.keys))
    event = result.event
    if event is not None:
        failures = revoking.announce(ending)
        if failures:
            quietly(partial(audit.fail, event, ending, failures))
            result = result.but(failures)
        if part.done == part.total:
            audit.log(ending, event, level=logging.INFO if closed else logging.WARNING)
        users = _users_at_hand(ending)
        for session in ending.sessions:
            session_ended.send_robust(
                sender=LoginSession,
                session=session,
                user=users.get(session.user_id),
                reason=ending.reason,
                actor=ending.actor,
                event=event,
                request=ending.request,
            )
    if not closed:
        raise SessionNotEnded("The cache that remembers sessions does not answer.")
    for store in stores(ending.request) if ending.request is not None else ():
        store.watch.confirmed.update(ids)
    return result


def _end_overlooked(part: Part, ending: Ending, result: LogoutResult) -> Ending:
    """After the commit: whoever registers a session later than this sees the ending himself."""
    adopted = adopted_users(ending)
    if ending.target.scope in {Scope.OTHERS, Scope.USER, Scope.USERS}:
        left = registry.overlooked(part.everything, ending.at)
    elif adopted:
        theirs = registry.sessions().filter(user_id__in=adopted)
        left = registry.overlooked(theirs, ending.at, adopted_only=True)
    else:
        return ending
    if not left:
        return ending
    with transaction.atomic(using=registry.database()):
        theirs = registry.sessions().filter(pk__in=left)
        sessions, keys = registry.end(theirs, theirs, ending.id, ending.at)
        engines.current().delete(keys, using=registry.database())
        event = cast(LogoutEvent, result.event)  # written wherever any can be overlooked
        audit.recount(event, Counter(session.kind for session in sessions))
    sessions, keys = (*ending.sessions, *sessions), (*ending.keys, *keys)
    return replace(ending, sessions=sessions, keys=keys)


def to_mark(part: Part, ending: Ending) -> Marks:
    """Sessions whose marks the ending replaces: its own, and those of an earlier attempt that
    ended them and then could not say so. For everyone, one mark does; but whoever asked for
    it is emptied here and now."""
    target = ending.target
    if target.scope is Scope.EVERYONE:
        return Marks(set(presented(ending.request)) if ending.request is not None else set())
    if not gate.remembers():
        return Marks(set())
    ids = {session.id for session in ending.sessions}
    if target.scope is Scope.CURRENT:
        ids.update(presented(target.value))
    elif target.scope is Scope.SESSION:
        ids.add(target.value)
    elif not ids:
        ids.update(registry.ended_since(part.everything, ending.at - gate.SEEN_FOR))
    ids.update(families.tied_to(ids.difference(session.id for session in ending.sessions)))
    return Marks(ids, _users(target) if families.in_use() else set())


def _users(target: Target) -> set[Any]:
    """Of whom all logins are meant, those without a row too."""
    match target.scope:
        case Scope.USER:
            return {target.value.pk}
        case Scope.OTHERS:
            return {target.value.user.pk}
        case Scope.USERS:
            return set(target.value.values_list("pk", flat=True))
        case _:
            return set()


def adopted_users(ending: Ending) -> set[Any]:
    """Users of adopted sessions whose earlier values cannot be taken back, being all cookie."""
    if engines.current().keyed:
        return set()
    sessions = (session for session in ending.sessions if session.kind == SESSION)
    return {session.user_id for session in sessions if registry.is_adopted(session.id)}


def _users_at_hand(ending: Ending) -> dict[Any, Any]:
    """By primary key; the request's own before another copy of the same user."""
    found: tuple[Any, ...] = (ending.target.value, getattr(ending.request, "user", None))
    return {who.pk: who for who in found if getattr(who, "pk", None) is not None}


def quietly(work: Callable[[], Any]) -> None:
    """Do what must not make an ending fail that has come about."""
    try:
        work()
    except Exception:
        logger.exception("Housekeeping after an ending failed; the sessions have ended.")
