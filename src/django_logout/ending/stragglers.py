"""Find what a committed ending missed.

These are sessions that were registered while its transaction was open, and sessions that an
earlier ending has ended, but whose mark the cache may not have.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from django_logout.conf import cached_until_setting_changes
from django_logout.ending.context import EndingContext
from django_logout.ending.selection import Batch
from django_logout.enums import SESSION, Reason, Scope
from django_logout.guard import status_cache
from django_logout.models import LoginSession
from django_logout.sessions import identity, registry
from django_logout.sessions.sql import Prepared, placeholder, prepare_select
from django_logout.types import Ending

#: A condition that no session fulfils.
NONE = Q(pk__in=())


class Stragglers(NamedTuple):
    """Sessions, by id, that an ending was about and did not end."""

    missed: list[UUID]
    "They are active and began before it: other transactions registered them while its own was open."
    already_ended: dict[UUID, str]
    "They had ended a short while before, for these reasons."


def find_stragglers(batch: Batch, ending: Ending, context: EndingContext) -> Stragglers:
    """Find what a committed ending missed of its batch."""
    scope = ending.target.scope
    since, uses_cache = ending.at - status_cache.SEEN_FOR, context.cache is not None
    if scope is Scope.USER and batch.lookup is not None:
        statement = _of_one_user(context.database, uses_cache)
        values = {"user": ending.target.value.pk, "ended_at": since, "event": ending.id}
        return _sorted(statement.rows(context.database, **values), ending.at)
    rows = batch.unfiltered
    earlier = ended_since(since, but=ending.id) if uses_cache else NONE
    if scope in {Scope.OTHERS, Scope.USER, Scope.USERS} and rows is not None:
        return find_among(rows.filter(registry.is_active() | earlier), ending.at)
    if not context.engine.keyed and (adopted := adopted_users(ending)):
        of_users = registry.sessions().filter(registry.is_active(), user_id__in=adopted)
        return find_among(of_users, ending.at, adopted_only=True)
    if rows is not None and uses_cache and _names_unended(ending):
        return find_among(rows.filter(earlier), ending.at)
    return Stragglers([], {})


def find_among(
    rows: QuerySet[LoginSession], moment: datetime, *, adopted_only: bool = False
) -> Stragglers:
    """Find those of these sessions that an ending at ``moment`` missed, or that ended earlier."""
    return _sorted(_facts(rows), moment, adopted_only=adopted_only)


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _of_one_user(database: str, remembers: bool) -> Prepared:
    """Prepare the question of :func:`find_among` for the sessions of one user, the most frequent case."""
    user, since, event = (placeholder(LoginSession, name) for name in ("user", "ended_at", "event"))
    rows = LoginSession.objects.using(database).filter(user=user)
    if not remembers:
        # Without those that have ended. One that a cutoff for everyone has ended is found too, and
        # is left as it is by the UPDATE; to ask for it here costs every ending more.
        left = rows.filter(ended_at__isnull=True).order_by()
        return prepare_select(left.values_list("pk", "created_at", "ended_at"))
    return prepare_select(_facts(rows.filter(registry.is_active() | ended_since(since, but=event))))


def _facts(rows: QuerySet[LoginSession]) -> QuerySet[LoginSession, Any]:
    return rows.order_by().values_list("pk", "created_at", "ended_at", "event__reason")


def _sorted(facts: Iterable[Any], moment: datetime, *, adopted_only: bool = False) -> Stragglers:
    found = Stragglers([], {})
    for session_id, created_at, ended_at, *reason in facts:
        if ended_at is not None:
            found.already_ended[session_id] = reason[0] or Reason.UNKNOWN
        elif identity.is_adopted(session_id) or (created_at < moment and not adopted_only):
            found.missed.append(session_id)
    return found


def ended_since(moment: Any, *, but: Any) -> Q:
    """Return the condition that a session has ended since ``moment``, by another event."""
    return Q(ended_at__gte=moment) & ~Q(event_id=but)


def adopted_users(ending: Ending) -> set[Any]:
    """Return the users of the adopted sessions that an ending has ended.

    If such a session lives in the cookie alone, earlier values of that have no id of ours and cannot
    be deleted anywhere.
    """
    sessions = (session for session in ending.sessions if session.kind == SESSION)
    return {session.user_id for session in sessions if identity.is_adopted(session.id)}


def _names_unended(ending: Ending) -> bool:
    """Return whether this ending was asked for sessions, or a token login, that it did not end."""
    scope, value = ending.target.scope, ending.target.value
    if scope is Scope.SESSIONS:
        return not {session.id for session in ending.sessions}.issuperset(value)
    return scope is Scope.CREDENTIAL and not ending.sessions
