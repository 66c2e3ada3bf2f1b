"""The one door: every session that ends, ends here.

The steps are select, end, record and announce, in that order. This module knows nothing of HTTP
beyond passing the request on, and nothing of third-party apps.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from django_logout.ending import after_commit, audit, selection, stragglers
from django_logout.ending.context import EndingContext, prepare_ending
from django_logout.ending.selection import Batch
from django_logout.enums import SESSION, Reason, Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.guard.impersonation import find_actor, is_user_of
from django_logout.guard.presented import PresentedSessions
from django_logout.models import LogoutEvent
from django_logout.revokers.runner import run_revokers
from django_logout.sessions import cutoffs, token_logins
from django_logout.types import Ending, LogoutResult, Outcome, Target, UserLike
from django_logout.utils.arguments import check_ending
from django_logout.utils.context import current_request, ended_by_code
from django_logout.utils.transactions import in_transaction, retry

logger = logging.getLogger("django_logout")

#: Called after each batch with the number of users or sessions that are done, and the total.
Progress = Callable[[int, int], Any]

#: Scopes that are recorded even if no session ended: the record refuses unregistered sessions.
ALWAYS_RECORDED_SCOPES = {Scope.OTHERS, Scope.USER, Scope.USERS, Scope.EVERYONE}
#: Scopes with work to do even if no session row is selected.
SCOPES_WITHOUT_ROWS = {Scope.EVERYONE, Scope.CREDENTIAL}

_running: set[asyncio.Future[Any]] = set()


def end_sessions(
    target: Target,
    *,
    reason: str | None = None,
    actor: UserLike | None = None,
    request: HttpRequest | None = None,
    progress: Progress | None = None,
) -> LogoutResult:
    """End sessions and revoke everything bound to them.

    ``reason`` is a :class:`Reason` or a string of the project (at most 64 characters), ``actor``
    the user who asks for it (``None``: the site itself), ``request`` the request that caused it.
    Without a reason, users who end sessions of their own in ``request`` read that they logged out,
    there, elsewhere or everywhere, and all others only that their session has ended.

    When this function has returned, no request that begins afterwards is served with those
    sessions, on any process. Inside a transaction of the project, that is true once the
    transaction is committed.

    The sessions of many users, and many sessions, are ended in batches, each in a transaction of
    its own. ``progress(done, total)`` is called after each with numbers of users or sessions.

    Raises :class:`SessionNotEnded` if this cannot be promised: the database or the cache is down,
    or autocommit is off outside a transaction. The error says how many of several batches were
    done. Raises ``TypeError`` or ``ValueError`` for arguments that mean nothing, before anything
    ends.
    """
    Target.check(target)
    if target.scope is Scope.CURRENT:
        request = target.value
    how: dict[str, Any] = {"reason": reason, "actor": actor, "request": request}
    result, presented = run_ending(target, **how, progress=progress)
    if request is not None and presented.request is request and presented.own_has_ended:
        presented.log_out()
    return result


async def aend_sessions(
    target: Target,
    *,
    reason: str | None = None,
    actor: UserLike | None = None,
    request: HttpRequest | None = None,
    progress: Progress | None = None,
) -> LogoutResult:
    """Like :func:`end_sessions`; a client that disconnects does not cancel it.

    The whole ending runs in one thread, since Django's transactions are not asynchronous.
    """
    how: dict[str, Any] = {"reason": reason, "actor": actor, "request": request}
    return await run_shielded(partial(end_sessions, target, **how, progress=progress))


def end_with_change(
    target: Target, *, reason: str, actor: Any, request: HttpRequest | None
) -> LogoutResult:
    """End sessions because an account changes.

    If the change is rolled back, so is the ending, and it is not repeated. The view finishes with
    the session it began with; the browser leaves it afterwards.
    """
    result, _ = run_ending(target, reason=reason, actor=actor, request=request, with_change=True)
    return result


def run_ending(
    target: Target,
    *,
    reason: str | None,
    actor: Any,
    request: HttpRequest | None,
    with_change: bool = False,
    progress: Progress | None = None,
    cookie_logins: Sequence[UUID | None] | None = None,
) -> tuple[LogoutResult, PresentedSessions]:
    """End sessions, but leave the request's own session object as it is.

    Returns the result, and the sessions that the request presented. Arguments and errors are those
    of :func:`end_sessions`. ``cookie_logins`` is what :func:`logins_in_cookies` has found in the
    request, if it has been asked already.
    """
    check_ending(reason, actor, request, progress)
    context = prepare_ending(target, request, with_change=with_change, cookie_logins=cookie_logins)
    reason = _default_reason(target, request) if reason is None else reason
    actor = find_actor(actor, request or current_request.get())
    event_id, done, result = uuid4(), 0, LogoutResult(reason=reason)
    who: dict[str, Any] = {"reason": reason, "actor": actor, "request": request}
    for batch in selection.batches(target, context):
        ending = Ending(id=event_id, target=batch.target, at=timezone.now(), **who)
        try:
            result = _end_batch(batch, ending, context, result)
        except SessionNotEnded as error:
            if not done:
                raise
            after_commit.log_exceptions(
                partial(audit.record_interruption, result.event, left=batch.total - done)
            )
            raise SessionNotEnded(f"Done for {done} of {batch.total}. Then: {error}") from error
        done = batch.done
        if progress is not None:
            after_commit.log_exceptions(partial(progress, done, batch.total))
    return result, context.presented


def _default_reason(target: Target, request: HttpRequest | None) -> Reason:
    """Return what is true of an ending for which the caller gives no reason."""
    if target.scope is Scope.CURRENT:
        return Reason.USER
    if target.scope is Scope.OTHERS:
        return Reason.REMOTE
    if target.scope is Scope.EVERYONE:
        return Reason.CUTOFF
    is_own = target.scope is Scope.USER and is_user_of(request, target.value)
    return Reason.EVERYWHERE if is_own else Reason.ENDED


def _end_batch(
    batch: Batch, ending: Ending, context: EndingContext, so_far: LogoutResult
) -> LogoutResult:
    """End one batch and record it, in one transaction; announce it after the commit."""
    nested = in_transaction(context.database)

    def end_and_record() -> tuple[Ending, LogoutResult]:
        with transaction.atomic(using=context.database):
            ended, result = _end_and_record(batch, ending, context, so_far)
            if nested and context.cache is not None:  # until the project commits, ask the rows
                ids = [session.id for session in ended.sessions]
                users = after_commit.users_with_tokens(ended.target)
                status_cache.invalidate(ids, users)
        return ended, result

    ended = ending
    try:
        if _names_none(batch) and ending.target.scope not in SCOPES_WITHOUT_ROWS:
            # No user is logged in here, or none was named: the database has nothing to do.
            result = _add_batch(so_far, _run_revokers(ending, context), None)
        else:
            ended, result = retry(end_and_record, context.database)
    except SynchronousOnlyOperation:
        raise  # The caller has to use aend_sessions().
    except Exception as error:
        logger.exception("The sessions could not be ended; nothing was changed.")
        raise SessionNotEnded("The sessions could not be ended; nothing was changed.") from error
    note = _note_in_request(ended, context)

    def finish() -> LogoutResult:
        note()
        return after_commit.finish_ending(batch, ended, context, result)

    if nested:
        on_commit = partial(after_commit.call_if_recorded, result.event, finish)
        transaction.on_commit(on_commit, using=context.database)
        return result
    return finish()  # on_commit() would call it now too, but drop what it returns


def _names_none(batch: Batch) -> bool:
    """Return whether no session was named, so that the database need not be asked."""
    return batch.sessions is not None and batch.sessions.query.is_empty()


def _end_and_record(
    batch: Batch, ending: Ending, context: EndingContext, so_far: LogoutResult
) -> tuple[Ending, LogoutResult]:
    # Code without a request may be about to write the new hash into one of these sessions, to keep
    # it (see ``guard.rehashed``), so the stored data stay. They are refused: by the registry, and by
    # Django wherever it compares the hash.
    engine = None if _is_password_by_code(ending, context) else context.engine
    which: dict[str, Any] = {"unfiltered": batch.unfiltered, "lookup": batch.lookup}
    sessions, keys = token_logins.end_with_tied(
        ending.id, ending.at, batch.sessions, **which, engine=engine
    )
    if engine is None or engine.model is None:
        keys = ()  # Their data stay, or the keys are hashes: the engine has no table.
    ending = replace(ending, sessions=sessions, keys=keys)
    _refuse_unregistered(ending, context)
    outcomes, event = _run_revokers(ending, context), so_far.event
    if event is not None:
        event = audit.append_batch(event, ending, outcomes)
    elif (
        ending.sessions
        or ending.target.scope in ALWAYS_RECORDED_SCOPES
        or any(outcome.count or outcome.error for outcome in outcomes)
    ):
        event = audit.record_event(ending, outcomes, context.database)
    return ending, _add_batch(so_far, outcomes, event)


def _is_password_by_code(ending: Ending, context: EndingContext) -> bool:
    """Return whether code that serves no request has changed a user's password."""
    by_code = context.with_change and ending.request is None
    return by_code and ending.reason == Reason.PASSWORD_CHANGED


def _add_batch(
    so_far: LogoutResult, outcomes: tuple[Outcome, ...], event: LogoutEvent | None
) -> LogoutResult:
    """Return the result of an ending with one more batch."""
    if so_far.outcomes:
        outcomes = tuple(map(Outcome.plus, so_far.outcomes, outcomes))
    return replace(so_far, outcomes=outcomes, event=event)


def _run_revokers(ending: Ending, context: EndingContext) -> tuple[Outcome, ...]:
    """Run the revokers, and add how many session cookies of the browser were not looked at."""
    outcomes, left = run_revokers(ending), context.presented.left
    if not left or ending.target.scope is not Scope.CURRENT:
        return outcomes
    return tuple(
        o.plus(Outcome(SESSION, left=left)) if o.revoker == SESSION else o for o in outcomes
    )


def _refuse_unregistered(ending: Ending, context: EndingContext) -> None:
    """Write the cutoffs that refuse sessions without a row, from before the installation.

    For all sessions of one user, the event itself is the cutoff (see ``status.get_status``).
    """
    scope, value = ending.target.scope, ending.target.value
    if scope is Scope.EVERYONE:
        cutoffs.cut_off([None], before=ending.at, reason=ending.reason)
    elif scope is Scope.USERS:
        users = value.order_by().values_list("pk", flat=True)
        cutoffs.cut_off(users.iterator(), before=ending.at, reason=ending.reason)
    elif scope is not Scope.USER:
        if scope is Scope.OTHERS:
            token_logins.exclude_from_ending(context.presented.ids, ending.at)
        if not context.engine.keyed and (adopted := stragglers.adopted_users(ending)):
            cutoffs.cut_off(adopted, before=cutoffs.moment_of(0), reason=ending.reason)


def _note_in_request(ending: Ending, context: EndingContext) -> Callable[[], Any]:
    """Note in the request which of the sessions that it presents have ended.

    Returns what has to be called once the ending is committed.
    """
    if _is_password_by_code(ending, context):
        ended_by_code.set(frozenset(session.id for session in ending.sessions))
        return _do_nothing
    presented = context.presented
    if presented.stores:
        presented.state.caused.add(ending.id)
        if ending.target.scope is Scope.OTHERS:
            presented.state.kept_by.add(ending.id.hex)
    if presented.request is not ending.request or not (presented.ids and presented.stores):
        return _do_nothing
    ended = set(presented.ids)
    if ending.target.scope is not Scope.EVERYONE:
        ended.intersection_update(session.id for session in ending.sessions)
    state = presented.state
    if context.with_change:
        return partial(state.leave, ended)
    state.ended.update(ended)
    state.endings.update(dict.fromkeys(ended, ending))
    return _do_nothing


def _do_nothing() -> None:
    pass


async def run_shielded(work: Callable[[], LogoutResult]) -> LogoutResult:
    """Run ``work`` in a thread to its end, even if the caller is cancelled."""
    task = asyncio.ensure_future(sync_to_async(work)())
    _running.add(task)  # the event loop itself keeps only weak references
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)
