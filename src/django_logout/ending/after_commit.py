"""What an ending does once it is committed: it ends what it overlooked, then tells the cache, the
log and the receivers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

from django.db import transaction

from django_logout.ending import audit, stragglers
from django_logout.ending.selection import Batch
from django_logout.enums import Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.guard.presented import presented, stores
from django_logout.models import LoginSession, LogoutEvent
from django_logout.revokers import runner
from django_logout.sessions import engines, registry, token_logins
from django_logout.signals import session_ended
from django_logout.types import Ending, LogoutResult, Target

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("django_logout")


class CacheUpdates(NamedTuple):
    """What the cache is told of beside the sessions that an ending has ended."""

    already_ended: Mapping[UUID, str]
    "Sessions that had ended already, and why."
    user_pks: Set[Any]
    "Of users all of whose logins have ended, as far as tokens are asked for that."


def finish(part: Batch, ending: Ending, result: LogoutResult, asked: set[UUID]) -> LogoutResult:
    """Announce an ending that is committed, after having ended what it overlooked. ``asked`` are
    sessions that it was asked for by their ids. Gives what it came to in the end.

    Raises :class:`SessionNotEnded` if readers may go on believing for a while what they saw
    before, or something goes on that began meanwhile; it is announced all the same.
    """
    failure: Exception | None = None
    marks = CacheUpdates(dict.fromkeys(asked, ending.reason), set())
    try:
        ending, earlier = _end_overlooked(part, ending, result)
        marks = _cache_updates(ending, {**marks.already_ended, **earlier})
    except Exception as error:  # noqa: BLE001 - raised below, when what is done has been told
        failure = error
    ids = {session.id for session in ending.sessions}
    closed = status_cache.mark_ended(
        ids,
        ending.reason,
        earlier=marks.already_ended,
        user_pks=marks.user_pks,
        everyone=ending.target.scope is Scope.EVERYONE,
    )
    log_exceptions(partial(engines.current().forget, ending.keys))
    event = result.event
    if event is not None:
        failures = runner.announce(ending)
        if failures:
            log_exceptions(partial(audit.record_failures, event, ending, failures))
            result = result.with_failures(failures)
        if part.done == part.total:
            done = closed and failure is None
            audit.log(ending, event, level=logging.INFO if done else logging.WARNING)
        _send(ending, event)
    if failure is not None:
        raise SessionNotEnded("Sessions that began meanwhile could not be ended.") from failure
    if not closed:
        raise SessionNotEnded("The cache that remembers sessions does not answer.")
    for store in stores(ending.request) if ending.request is not None else ():
        store.state.confirmed.update(ids, marks.already_ended)
    return result


def _send(ending: Ending, event: LogoutEvent) -> None:
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


def named_session_ids(target: Target, request: HttpRequest | None) -> set[UUID]:
    """Sessions that an ending is asked for by their ids. Whoever asks for everyone's is emptied
    here and now."""
    match target.scope:
        case Scope.CURRENT:
            return set(presented(target.value))
        case Scope.SESSION:
            return {target.value}
        case Scope.EVERYONE if request is not None:
            return set(presented(request))
        case _:
            return set()


def disturb(ending: Ending) -> None:
    """In somebody's transaction, which is not committed yet: readers ask the row again."""
    if status_cache.is_used():
        status_cache.invalidate([session.id for session in ending.sessions], _users(ending.target))


def _end_overlooked(
    part: Batch, ending: Ending, result: LogoutResult
) -> tuple[Ending, Mapping[UUID, str]]:
    """After the commit: whoever registers a session later than this sees the ending himself. And
    sessions that an earlier ending has ended, which perhaps could not tell the cache."""
    left = stragglers.find_stragglers(part, ending)
    if not left.missed:
        return ending, left.already_ended
    with transaction.atomic(using=registry.database()):
        theirs = registry.sessions().filter(pk__in=left.missed)
        sessions, keys = registry.end(theirs, theirs, ending.id, ending.at)
        engines.current().delete(keys, using=registry.database())
        event = cast(LogoutEvent, result.event)  # written wherever any can be overlooked
        audit.add_counts(event, Counter(session.kind for session in sessions))
    sessions, keys = (*ending.sessions, *sessions), (*ending.keys, *keys)
    return replace(ending, sessions=sessions, keys=keys), left.already_ended


def _cache_updates(ending: Ending, others: Mapping[UUID, str]) -> CacheUpdates:
    if not status_cache.is_used() or ending.target.scope is Scope.EVERYONE:
        return CacheUpdates(others, set())
    tied = token_logins.tied_to(others.keys() - {session.id for session in ending.sessions})
    return CacheUpdates({**dict.fromkeys(tied, ending.reason), **others}, _users(ending.target))


def _users(target: Target) -> set[Any]:
    """Of whom all logins are meant, those without a row too; asked for tokens only."""
    if not token_logins.in_use():
        return set()
    match target.scope:
        case Scope.USER:
            return {target.value.pk}
        case Scope.OTHERS:
            return {target.value.user.pk}
        case Scope.USERS:
            return set(target.value.values_list("pk", flat=True))
        case _:
            return set()


def _users_at_hand(ending: Ending) -> dict[Any, Any]:
    """By primary key; the request's own before another copy of the same user."""
    found: tuple[Any, ...] = (ending.target.value, getattr(ending.request, "user", None))
    return {who.pk: who for who in found if getattr(who, "pk", None) is not None}


def log_exceptions(work: Callable[[], Any]) -> None:
    """Do what must not make an ending fail that has come about."""
    try:
        work()
    except Exception:
        logger.exception("Housekeeping after an ending failed; the sessions have ended.")
