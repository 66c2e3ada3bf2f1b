"""What an ending has left to be done when it is committed: sessions that it could not see, and those
whose end the cache has perhaps never heard of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from django_logout.conf import cached_until_setting_changes
from django_logout.ending.selection import Batch
from django_logout.enums import SESSION, Reason, Scope
from django_logout.guard import status_cache
from django_logout.models import LoginSession
from django_logout.sessions import engines, identity, registry
from django_logout.sessions.sql import Prepared, placeholder, select
from django_logout.types import Ending


class Stragglers(NamedTuple):
    """Of the sessions that an ending was about, by their ids, those that it has not ended."""

    missed: list[UUID]
    "They began before it and are alive: registered by other transactions while its own was open."
    already_ended: dict[UUID, str]
    "They had ended already, a short while ago, and why."


def find_stragglers(part: Batch, ending: Ending) -> Stragglers:
    """What is left of a part of an ending; asked after its commit."""
    scope, adopted, remembers = ending.target.scope, adopted_users(ending), status_cache.is_used()
    since = ending.at - status_cache.SEEN_FOR
    if scope is Scope.USER and part.lookup is not None:
        database = registry.database()
        values = {"user": ending.target.value.pk, "ended_at": since, "event": ending.id}
        return _sorted(_of_one_user(database, remembers).rows(database, **values), ending.at)
    earlier = ended_since(since, but=ending.id) if remembers else None
    if scope in {Scope.OTHERS, Scope.USER, Scope.USERS}:
        return find(part.unfiltered, ending.at, earlier=earlier)
    if adopted:
        theirs = registry.sessions().filter(user_id__in=adopted)
        return find(theirs, ending.at, adopted_only=True)
    if earlier is not None and _names_unended(ending):
        return _sorted(_facts(part.unfiltered.filter(earlier)), ending.at)
    return Stragglers([], {})


def find(
    selection: QuerySet[LoginSession],
    moment: datetime,
    *,
    earlier: Q | None = None,
    adopted_only: bool = False,
) -> Stragglers:
    """Those of the sessions that an ending of that moment has overlooked; and those that had ended
    by a condition, if there is one."""
    return _sorted(_facts(_left(selection, earlier)), moment, adopted_only=adopted_only)


@cached_until_setting_changes("DATABASES", "USE_TZ")
def _of_one_user(database: str, remembers: bool) -> Prepared:
    """What :func:`find` asks of all sessions of a user, which is what most endings of several are."""
    user, since, event = (placeholder(LoginSession, name) for name in ("user", "ended_at", "event"))
    rows = LoginSession.objects.using(database).filter(user=user)
    return select(_facts(_left(rows, ended_since(since, but=event) if remembers else None)))


def _left(rows: QuerySet[LoginSession], earlier: Q | None) -> QuerySet[LoginSession]:
    living = registry.is_active()
    return rows.filter(living if earlier is None else living | earlier)


def _facts(rows: QuerySet[LoginSession]) -> QuerySet[LoginSession, Any]:
    return rows.order_by().values_list("pk", "created_at", "ended_at", "event__reason")


def _sorted(facts: Iterable[Any], moment: datetime, *, adopted_only: bool = False) -> Stragglers:
    found = Stragglers([], {})
    for session_id, created_at, ended_at, reason in facts:
        if ended_at is not None:
            found.already_ended[session_id] = reason or Reason.UNKNOWN
        elif identity.is_adopted(session_id) or (created_at < moment and not adopted_only):
            found.missed.append(session_id)
    return found


def ended_since(moment: Any, *, but: Any) -> Q:
    """The condition that a session has ended since then, with another event than that."""
    return Q(ended_at__gte=moment) & ~Q(event_id=but)


def adopted_users(ending: Ending) -> set[Any]:
    """Users of adopted sessions whose earlier values cannot be taken back, being all cookie."""
    if engines.current().keyed:
        return set()
    sessions = (session for session in ending.sessions if session.kind == SESSION)
    return {session.user_id for session in sessions if identity.is_adopted(session.id)}


def _names_unended(ending: Ending) -> bool:
    """Whether some of the sessions, or the login by tokens, that were named have not ended now."""
    scope, value = ending.target.scope, ending.target.value
    if scope is Scope.SESSIONS:
        return not {session.id for session in ending.sessions}.issuperset(value)
    return scope is Scope.CREDENTIAL and not ending.sessions
