"""Select the sessions of an ending, in batches small enough for one transaction each."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import Error
from django.db.models import QuerySet

from django_logout.ending.context import EndingContext
from django_logout.enums import Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.models import LoginSession
from django_logout.sessions import registry, token_logins
from django_logout.types import Target

logger = logging.getLogger("django_logout")

#: How many users, or sessions, one transaction ends.
BATCH = 1000


class Batch(NamedTuple):
    """A part of an ending, and in most cases the whole."""

    target: Target
    "What revokers work on."
    sessions: QuerySet[LoginSession] | None = None
    "The sessions to end."
    unfiltered: QuerySet[LoginSession] | None = None
    "The same sessions, without conditions that the ending itself may make false."
    lookup: tuple[str, Any] | None = None
    "In place of both: a field and its value that select the sessions, by a prepared statement."
    done: int = 1
    "How many users or sessions are done after this batch."
    total: int = 1


def batches(target: Target, context: EndingContext) -> Iterator[Batch]:
    """Yield the batches of an ending in order; there is at least one.

    Raises :class:`SessionNotEnded` if the database cannot list the sessions.
    """
    try:
        if target.scope is Scope.USERS:
            yield from _batches_of_users(target.value, context.database)
        elif target.scope is Scope.SESSIONS:
            yield from _batches_of_sessions(target.value, context.database)
        else:
            yield _batch_of(target, context)
    except Error as error:
        logger.exception("Which sessions to end could not be found out.")
        raise SessionNotEnded("Which sessions to end could not be found out.") from error


def _batch_of(target: Target, context: EndingContext) -> Batch:
    match target.scope:
        case Scope.CURRENT if len(context.presented.ids) == 1:
            return Batch(target, lookup=("id", context.presented.ids[0]))
        case Scope.SESSION:
            return Batch(target, lookup=("id", target.value))
        case Scope.USER if target.value.pk is not None:
            return Batch(target, lookup=("user", target.value.pk))
        case Scope.CURRENT:
            sessions = _sessions_where("pk__in", context.presented.ids)
        case Scope.OTHERS:
            # Exclude only the request's own session. An attacker may have planted a second cookie
            # of the same name (session fixation); the session behind it must not survive.
            own_ids = context.presented.own_ids
            kept = [*own_ids, *token_logins.tied_to(own_ids)]
            sessions = registry.sessions().filter(user_id=target.value.user.pk)
            sessions = sessions.exclude(pk__in=kept)
        case Scope.CREDENTIAL if token_logins.in_use():
            user, credential_id = target.value
            named = {"pk": credential_id, "user_id": user.pk, "kind": token_logins.KIND}
            sessions = registry.sessions().filter(**named)
        case _:
            # An unsaved user has no sessions. Those of everyone are ended by the cutoff, in one
            # write that lists none of them.
            sessions = registry.sessions().none()
    return Batch(target, sessions, sessions)


def _batches_of_users(users: QuerySet[Any], database: str) -> Iterator[Batch]:
    # Read where rows are written: a replica may not have these users yet.
    rows = users.model._base_manager.using(database)
    for keys, done, total in _split(_list_keys(users.using(database))):
        target = Target.users(rows.filter(pk__in=keys) if keys else rows.none())
        sessions = _sessions_where("user_id__in", keys)
        yield Batch(target, sessions, sessions, done=done, total=total)


def _batches_of_sessions(selection: Any, database: str) -> Iterator[Batch]:
    given = selection.using(database) if isinstance(selection, QuerySet) else None
    ids = list(dict.fromkeys(selection)) if given is None else _list_keys(given)
    for keys, done, total in _split(ids):
        sessions = unfiltered = _sessions_where("pk__in", keys)
        if keys and given is not None and not _depends_on_other_rows(given.query):
            # Apply the conditions again in the UPDATE, so that sessions which no longer match
            # are not ended.
            sessions = given.order_by().filter(pk__in=keys)
        yield Batch(Target.sessions(keys), sessions, unfiltered, done=done, total=total)


def _sessions_where(lookup: str, keys: Sequence[Any]) -> QuerySet[LoginSession]:
    sessions = registry.sessions()
    return sessions.filter(**{lookup: keys}) if keys else sessions.none()


def _list_keys(rows: QuerySet[Any]) -> list[Any]:
    """List all keys before the first batch, whose ending may change what the queryset finds."""
    rows = rows if rows.query.is_sliced or rows.query.distinct_fields else rows.order_by()
    return list(dict.fromkeys(rows.values_list("pk", flat=True)))


def _depends_on_other_rows(query: Any) -> bool:
    """Return whether a query cannot be asked again for a part of the rows that it has found.

    It is sliced, compares rows with each other, or takes no further conditions.
    """
    compared = query.is_sliced or query.distinct_fields or query.where.contains_over_clause
    return bool(compared or query.combinator)


def _split(keys: Sequence[Any]) -> Iterator[tuple[Sequence[Any], int, int]]:
    """Yield batches of keys, with how many are done after each, and how many there are."""
    for begin in range(0, len(keys) or 1, BATCH):
        batch = keys[begin : begin + BATCH]
        yield batch, begin + len(batch), len(keys)
