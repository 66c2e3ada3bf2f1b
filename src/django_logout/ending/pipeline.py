"""The one door: every session that ends, ends here.

Select, end, record, announce, in that order. Knows no HTTP beyond handing the request on,
and no third party.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.db import connections, transaction
from django.utils import timezone

from django_logout.ending import after_commit, audit, selection, stragglers
from django_logout.ending.selection import Batch
from django_logout.enums import Reason, Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.guard.install import guard
from django_logout.guard.presented import clear_sessions, presented, set_anonymous_user, stores
from django_logout.revokers.runner import revoke
from django_logout.sessions import cutoffs, registry, token_logins
from django_logout.sessions.registry import claim
from django_logout.types import Ending, LogoutResult, Target

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Told after each part of an ending how many users or sessions are done, and of how many.
Progress = Callable[[int, int], Any]

#: Recorded though no session ended: the record refuses sessions that nobody has registered.
ALWAYS_RECORDED_SCOPES = {Scope.OTHERS, Scope.USER, Scope.USERS, Scope.EVERYONE}
#: Whose work is not done where no session is selected.
SCOPES_WITHOUT_ROWS = {Scope.EVERYONE, Scope.CREDENTIAL}

_running: set[asyncio.Future[Any]] = set()


def end_sessions(
    target: Target,
    *,
    reason: str = Reason.USER,
    actor: Any = None,
    request: HttpRequest | None = None,
    progress: Progress | None = None,
) -> LogoutResult:
    """End sessions and everything tied to them.

    ``reason`` is a :class:`Reason` or a string of your own (at most 64 characters); ``actor``
    the user who asks for it, or ``None`` for the site itself; ``request`` the request that
    caused it.

    When it returns, no request that begins afterwards is served with those sessions, on any
    process. Inside a transaction of yours that is true once the transaction is committed.

    Those of many users, and many sessions, are ended in parts, each in a transaction of its own;
    ``progress(done, total)`` is called after each with numbers of users or sessions.

    Raises :class:`SessionNotEnded` if that cannot be promised: database or cache are down, or
    autocommit is off outside of a transaction. Of several parts it says how many were done.
    """
    if target.scope is Scope.CURRENT:
        request = target.value
    result = _end(target, reason=reason, actor=actor, request=request, progress=progress)
    if request is not None and _has_ended(request):
        clear_sessions(request)
        set_anonymous_user(request)
        guard(request.session).logged_out = True
    return result


def end_with_change(
    target: Target, *, reason: str, actor: Any, request: HttpRequest | None
) -> LogoutResult:
    """Like :func:`end_sessions`, because an account changes: if that is rolled back, so is this,
    and it is not done again. The view goes on as it began; the browser leaves afterwards."""
    return _end(target, reason=reason, actor=actor, request=request, with_change=True)


async def aend_sessions(
    target: Target,
    *,
    reason: str = Reason.USER,
    actor: Any = None,
    request: HttpRequest | None = None,
    progress: Progress | None = None,
) -> LogoutResult:
    """Like :func:`end_sessions`. A client that hangs up does not cancel it.

    It runs in one piece in a thread, since Django's transactions are not asynchronous.
    """
    how = {"reason": reason, "actor": actor, "request": request, "progress": progress}
    return await _shielded(partial(end_sessions, target, **how))


def _end(
    target: Target,
    *,
    reason: str,
    actor: Any,
    request: HttpRequest | None,
    with_change: bool = False,
    progress: Progress | None = None,
) -> LogoutResult:
    _require_ready()
    event_id, done, result = uuid4(), 0, LogoutResult(reason=reason)
    for part in selection.batches(target):
        who = {"reason": reason, "actor": actor, "request": request}
        ending = Ending(id=event_id, target=part.target, at=timezone.now(), **who)
        try:
            result = _end_part(part, ending, result, with_change=with_change)
        except SessionNotEnded as error:
            if not done:
                raise
            after_commit.log_exceptions(
                partial(audit.record_interruption, result.event, left=part.total - done)
            )
            raise SessionNotEnded(f"Done for {done} of {part.total}. Then: {error}") from error
        done = part.done
        if progress is not None:
            after_commit.log_exceptions(partial(progress, done, part.total))
    return result


def _require_ready() -> None:
    """Before anything is begun that could not be finished."""
    if not status_cache.can_write():
        raise SessionNotEnded("The cache that remembers sessions does not answer.")
    connection = connections[registry.database()]
    if not (connection.in_atomic_block or connection.get_autocommit()):
        raise SessionNotEnded("Autocommit is off: call this within transaction.atomic().")


def _end_part(
    part: Batch, ending: Ending, so_far: LogoutResult, *, with_change: bool
) -> LogoutResult:
    request = ending.request
    asked = after_commit.named_session_ids(ending.target, request)
    try:
        ending, result = _end_and_record(part, ending, so_far, with_change=with_change)
    except Exception as error:
        raise SessionNotEnded("The sessions could not be ended; nothing was changed.") from error
    if request is not None and (here := presented(request)):
        everyone = ending.target.scope is Scope.EVERYONE
        mine = {*here} if everyone else {s.id for s in ending.sessions if s.id in here}
        state = guard(request.session)
        if with_change:
            transaction.on_commit(partial(state.leave, mine), using=registry.database())
        else:
            state.ended.update(mine)
            state.endings.update(dict.fromkeys(mine, ending))
    finish = partial(after_commit.finish, part, ending, result, asked)
    if connections[registry.database()].in_atomic_block:
        transaction.on_commit(finish, using=registry.database())
        return result
    return finish()


def _end_and_record(
    part: Batch, ending: Ending, so_far: LogoutResult, *, with_change: bool
) -> tuple[Ending, LogoutResult]:
    scope, event = ending.target.scope, so_far.event
    if scope not in SCOPES_WITHOUT_ROWS and part.sessions.query.is_empty():
        # Nobody is signed in here, or nobody was asked for: no need to ask the database.
        return ending, so_far.plus(revoke(ending), None)
    nested = connections[registry.database()].in_atomic_block
    with transaction.atomic(using=registry.database()):
        ending = _claim(part, ending)
        if with_change and ending.request is None and ending.reason == Reason.PASSWORD_CHANGED:
            # Code without a request may be about to give one of these sessions the new hash of
            # the account. It must not fail to save it, so the stored data stay. They are refused:
            # by the registry here, and by Django wherever it compares the hash.
            ending = replace(ending, keys=())
        _cut_off(ending)
        outcomes = revoke(ending)
        if event is not None:
            audit.append_part(event, ending, outcomes)
        elif (
            ending.sessions
            or scope in ALWAYS_RECORDED_SCOPES
            or any(o.count or o.error for o in outcomes)
        ):
            event = audit.record(ending, outcomes)
        if nested:
            after_commit.disturb(ending)
    return ending, so_far.plus(outcomes, event)


def _claim(part: Batch, ending: Ending) -> Ending:
    """The sessions that end, and the logins by tokens that were begun in them."""
    if part.lookup is not None:
        sessions, keys = claim(*part.lookup, ending.id, ending.at)
    else:
        sessions, keys = registry.end(part.sessions, part.unfiltered, ending.id, ending.at)
    if tied := token_logins.tied_to([session.id for session in sessions]):
        theirs = registry.sessions().filter(pk__in=tied)
        further, _ = registry.end(theirs, theirs, ending.id, ending.at)
        sessions += further
    return replace(ending, sessions=sessions, keys=keys)


def _cut_off(ending: Ending) -> None:
    """Refuse what the registry has no row of: sessions from before our time. For one user the
    event itself says so (see ``status.standing``)."""
    scope, value = ending.target.scope, ending.target.value
    if scope is Scope.EVERYONE:
        cutoffs.cut_off([None], before=ending.at, reason=ending.reason)
    elif scope is Scope.USERS:
        users = value.order_by().values_list("pk", flat=True)
        cutoffs.cut_off(users.iterator(), before=ending.at, reason=ending.reason)
    elif scope is not Scope.USER:
        if scope is Scope.OTHERS:
            token_logins.exclude_from_ending(presented(value), ending.at)
        adopted = stragglers.adopted_users(ending)
        cutoffs.cut_off(adopted, before=cutoffs.epoch(), reason=ending.reason)


def _has_ended(request: HttpRequest) -> bool:
    found = stores(request)
    return bool(found and found[0].identity and found[0].identity.id in found[0].state.ended)


async def _shielded(work: Callable[[], LogoutResult]) -> LogoutResult:
    task = asyncio.ensure_future(sync_to_async(work)())
    _running.add(task)  # the loop itself keeps only weak references
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)
