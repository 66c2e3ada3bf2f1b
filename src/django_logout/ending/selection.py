"""Which sessions an ending is about, in parts that are small enough for one transaction each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import Error
from django.db.models import QuerySet

from django_logout.enums import Scope
from django_logout.exceptions import SessionNotEnded
from django_logout.guard.presented import presented
from django_logout.sessions import registry, token_logins
from django_logout.types import Target

if TYPE_CHECKING:
    from django_logout.models import LoginSession

#: How many users, or sessions, one transaction ends.
BATCH = 1000


class Batch(NamedTuple):
    """A part of an ending; mostly the whole."""

    target: Target
    "What revokers are told that they work on."
    sessions: QuerySet[LoginSession]
    unfiltered: QuerySet[LoginSession]
    "The same, without the conditions that have ceased to be true with the ending."
    done: int = 1
    "How many users or sessions are done once this part is."
    total: int = 1
    lookup: tuple[str, Any] | None = None
    "The field, and its value, that all of them are chosen by, if there is one."


def batches(target: Target) -> Iterator[Batch]:
    """The parts of an ending, in order; at least one. Raises :class:`SessionNotEnded` if the
    database cannot list them."""
    try:
        yield from _parts(target)
    except Error as error:
        raise SessionNotEnded("Which sessions to end could not be found out.") from error


def _parts(target: Target) -> Iterator[Batch]:
    if target.scope is Scope.USERS:
        yield from _users(target.value)
    elif target.scope is Scope.SESSIONS:
        yield from _sessions(target.value)
    elif target.scope is Scope.CURRENT:
        here = presented(target.value)
        sessions = _among("pk__in", here)
        yield Batch(target, sessions, sessions, lookup=("id", here[0]) if len(here) == 1 else None)
    else:
        sessions = _of(target)
        yield Batch(target, sessions, sessions, lookup=_lookup(target))


def _lookup(target: Target) -> tuple[str, Any] | None:
    if target.scope is Scope.USER:
        return ("user", target.value.pk) if target.value.pk is not None else None
    return ("id", target.value) if target.scope is Scope.SESSION else None


def _of(target: Target) -> QuerySet[LoginSession]:
    sessions = registry.sessions()
    match target.scope:
        case Scope.SESSION:
            return sessions.filter(pk=target.value)
        case Scope.OTHERS:
            request = target.value
            mine = sessions.filter(user_id=request.user.pk)
            # Not what came beside it: whoever can set cookies plants a session that is to be spared.
            here = presented(request, beside=False)
            return mine.exclude(pk__in=[*here, *token_logins.tied_to(here)])
        case Scope.USER if target.value.pk is None:  # anonymous, or not saved yet
            return sessions.none()
        case Scope.USER:
            return sessions.filter(user_id=target.value.pk)
        case Scope.CREDENTIAL if token_logins.in_use():
            user, credential_id = target.value
            return sessions.filter(pk=credential_id, user_id=user.pk, kind=token_logins.KIND)
        case _:  # everyone: the cut-off does it, in one write, and lists nobody; or one token
            return sessions.none()


def _users(users: QuerySet[Any]) -> Iterator[Batch]:
    database = registry.database()  # never a replica, which may not know them yet
    everybody = users.model._base_manager.using(database)
    for batch, done, total in _batches(_keys(users.using(database))):
        target = Target.users(everybody.filter(pk__in=batch) if batch else everybody.none())
        sessions = _among("user_id__in", batch)
        yield Batch(target, sessions, sessions, done, total)


def _sessions(given: Any) -> Iterator[Batch]:
    asked = isinstance(given, QuerySet)
    ids = _keys(given.using(registry.database())) if asked else list(dict.fromkeys(given))
    for batch, done, total in _batches(ids):
        sessions = unfiltered = _among("pk__in", batch)
        if asked and batch and not _ranks(given.query):
            # Asked again in the write: what has changed meanwhile is not ended.
            sessions = given.using(registry.database()).order_by().filter(pk__in=batch)
        yield Batch(Target.sessions(batch), sessions, unfiltered, done, total)


def _among(lookup: str, batch: Sequence[Any]) -> QuerySet[LoginSession]:
    sessions = registry.sessions()
    return sessions.filter(**{lookup: batch}) if batch else sessions.none()


def _keys(rows: QuerySet[Any]) -> list[Any]:
    """Listed before the first is ended, since that may be what the queryset asks for."""
    rows = rows if rows.query.is_sliced or rows.query.distinct_fields else rows.order_by()
    return list(dict.fromkeys(rows.values_list("pk", flat=True)))


def _ranks(query: Any) -> bool:
    """Whether it depends on the other rows which ones a query finds, or it takes no more
    conditions: then a batch of what it has found cannot be asked for again."""
    compared = query.is_sliced or query.distinct_fields or query.where.contains_over_clause
    return bool(compared or query.combinator)


def _batches(keys: Sequence[Any]) -> Iterator[tuple[Sequence[Any], int, int]]:
    for begin in range(0, len(keys) or 1, BATCH):
        batch = keys[begin : begin + BATCH]
        yield batch, begin + len(batch), len(keys)
