"""What an ending does once it is committed.

It ends the sessions that it missed, tells the cache, writes the log line and sends the signals.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import Error, transaction

from django_logout.ending import audit, stragglers
from django_logout.ending.context import EndingContext
from django_logout.ending.selection import Batch
from django_logout.enums import Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard import status_cache
from django_logout.models import LoginSession, LogoutEvent
from django_logout.revokers.runner import announce_ending
from django_logout.sessions import registry, token_logins
from django_logout.sessions.caches import open_cache
from django_logout.signals import ending_announced, session_ended
from django_logout.types import Ending, LogoutResult, Target
from django_logout.utils.transactions import retry

logger = logging.getLogger("django_logout")


def finish_ending(
    batch: Batch, ending: Ending, context: EndingContext, result: LogoutResult
) -> LogoutResult:
    """Announce an ending that is committed, and return its final result.

    Raises :class:`SessionNotEnded` afterwards if the cache did not take it, or if a session that
    began meanwhile could not be ended: readers may serve a session for a while.
    """
    failure: Exception | None = None
    # Marked even if this ending did not end them: the mark of an earlier ending may be missing.
    already_ended = dict.fromkeys(_ids_asked_for(ending, context), ending.reason)
    user_pks: set[Any] = set()
    try:
        ending, found = _end_missed(batch, ending, context, result)
        if context.cache is not None and ending.target.scope is not Scope.EVERYONE:
            already_ended.update(found)
            others = already_ended.keys() - {session.id for session in ending.sessions}
            bound = token_logins.tied_to(others) if others else ()
            already_ended = {**dict.fromkeys(bound, ending.reason), **already_ended}
            user_pks = users_with_tokens(ending.target)
    except Exception as error:
        logger.exception("Sessions that began meanwhile could not be ended.")
        failure = error  # raised below, once what is done is announced
    ids = {session.id for session in ending.sessions}
    marked = _tell_cache(ending, context, ids, already_ended, user_pks)
    event = result.event
    if event is not None:
        failures = announce_ending(ending)
        if failures:
            log_exceptions(partial(audit.record_failures, event, ending, failures))
            result = result.with_failures(failures)
        if batch.done == batch.total:
            level = logging.INFO if marked and failure is None else logging.WARNING
            audit.log_ending(ending, event, level=level)
        _send_signals(ending, event)
    if failure is not None:
        raise SessionNotEnded("Sessions that began meanwhile could not be ended.") from failure
    if not marked:
        raise SessionNotEnded("The cache that holds the status of sessions does not answer.")
    if context.presented.request is ending.request:
        for store in context.presented.stores:
            store.state.confirmed.update(ids, already_ended)
    return result


def _tell_cache(
    ending: Ending,
    context: EndingContext,
    ids: set[UUID],
    already_ended: Mapping[UUID, str],
    user_pks: set[Any],
) -> bool:
    """Mark sessions as ended in the cache, and delete their data there; return whether it did."""
    cache, alias = context.cache, settings.SESSION_CACHE_ALIAS
    # The data are deleted in one call with the marks, if they are in the same cache.
    with_marks = cache is not None and cache.raises and cache.alias == alias
    stores, data = _data_to_delete(ending, context, ids if with_marks else set())
    marked = cache is None or status_cache.mark_ended(
        ids,
        ending.reason,
        earlier=already_ended,
        user_pks=user_pks,
        everyone=ending.target.scope is Scope.EVERYONE,
        data=data if with_marks else (),
        cache=cache,
    )
    if data and not with_marks:  # housekeeping: the guard refuses them
        log_exceptions(partial(open_cache(alias).delete, data))
    for store in stores:
        store.state.data_deleted = marked
    return marked


def call_if_recorded(event: LogoutEvent | None, finish: Callable[[], Any]) -> None:
    """Finish an ending when the transaction of the project is committed, if it is part of that.

    Django forgets what was to be done after the commit when it rolls back a savepoint of an
    ``atomic()`` block, but not for one of ``transaction.savepoint()`` or of SQL. Raises
    :class:`SessionNotEnded` like :func:`finish_ending`.
    """
    try:
        recorded = event is None or audit.is_recorded(event.pk)
    except Error as error:
        raise SessionNotEnded("The database did not tell whether the sessions ended.") from error
    if recorded:
        finish()


def _data_to_delete(
    ending: Ending, context: EndingContext, ids: set[UUID]
) -> tuple[list[Any], list[str]]:
    """Return the sessions of the request, and the keys in the cache of all data, to be deleted.

    The rows of sessions that are in the cache alone hold hashes of their keys, but the request knows
    its own.
    """
    engine = context.engine
    if engine.model is not None:
        return [], engine.cache_keys(ending.keys)
    if not engine.in_cache or context.with_change:
        return [], []
    stores = [
        store
        for store in context.presented.stores
        if store.session_key and (login := store.identity) is not None and login.id in ids
    ]
    return stores, engine.cache_keys([store.session_key for store in stores])


def users_with_tokens(target: Target) -> set[Any]:
    """Return the keys of the users all of whose logins are ended, if the project issues tokens.

    A token login may have no row; the cache knows such logins by their user only.
    """
    if not token_logins.in_use():
        return set()
    if target.scope is Scope.USERS:
        return set(target.value.values_list("pk", flat=True))
    return set() if target.owner is None else {target.owner.pk}


def log_exceptions(work: Callable[[], Any]) -> None:
    """Call ``work`` and log what it raises: a committed ending must not fail because of it."""
    try:
        work()
    except Exception:
        logger.exception("Housekeeping after an ending failed; the sessions have ended.")


def _ids_asked_for(ending: Ending, context: EndingContext) -> set[UUID]:
    """Return the sessions that the ending was asked for by their ids.

    The browser that asks to end the sessions of everyone is emptied by this request, so its own
    are among them.
    """
    if ending.target.scope is Scope.SESSION:
        return {ending.target.value}
    if ending.target.scope in {Scope.CURRENT, Scope.EVERYONE}:
        return set(context.presented.ids)
    return set()


def _end_missed(
    batch: Batch, ending: Ending, context: EndingContext, result: LogoutResult
) -> tuple[Ending, Mapping[UUID, str]]:
    """End the sessions that were registered while the ending's transaction was open.

    A login that registers its session after this point sees the ending itself. Also returns the
    sessions that an earlier ending has ended, and whose mark the cache may not have.
    """
    left = stragglers.find_stragglers(batch, ending, context)
    if not left.missed:
        return ending, left.already_ended
    event = cast(LogoutEvent, result.event)  # written for every scope that can miss any

    def end() -> tuple[Any, Any, LogoutEvent]:
        with transaction.atomic(using=context.database):
            rows = registry.sessions().filter(pk__in=left.missed)
            sessions, keys = registry.end_rows(ending.id, ending.at, rows, engine=context.engine)
            counts = Counter(session.kind for session in sessions)
            return sessions, keys, audit.add_counts(event, counts)

    sessions, keys, counted = retry(end, context.database)
    event.sessions, event.outcomes = counted.sessions, counted.outcomes
    sessions, keys = (*ending.sessions, *sessions), (*ending.keys, *keys)
    return replace(ending, sessions=sessions, keys=keys), left.already_ended


def _send_signals(ending: Ending, event: LogoutEvent) -> None:
    ending_announced.send_robust(sender=LogoutEvent, ending=ending, event=event)
    if not session_ended.has_listeners(LoginSession):
        return
    # No query for the user: the ending's own, or the request's, or none. The request's own object
    # is preferred to another copy of the same user.
    found: tuple[Any, ...] = (ending.target.value, getattr(ending.request, "user", None))
    users = {user.pk: user for user in found if getattr(user, "pk", None) is not None}
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
