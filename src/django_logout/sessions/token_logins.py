"""Logins by tokens: each has a row like a browser's session, but no session of the engine.

All tokens of such a login are a token family: however often they are exchanged for new ones, they
carry the row's id, and end with it. This module and ``sessions.registry`` alone write session rows.
"""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from django_logout.conf import cached_until_setting_changes
from django_logout.models import CredentialBinding, LoginSession
from django_logout.sessions import identity, registry
from django_logout.types import EndedSession
from django_logout.utils.lazy import lazy_import

# Imported with the first query outside of a transaction.
retry = lazy_import("utils.transactions.retry")

#: The kind of these sessions, and the name of the revoker that counts them.
KIND = "simplejwt"
#: The apps that issue such tokens. If none is installed, no query is made for them.
APPS = ("rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist")
#: The claim that names the login, as OpenID Connect does.
SID = "sid"


def as_id(claim: Any) -> UUID | None:
    """Return the id of the login that a token names, or ``None`` if it names none.

    A claim that cannot be an id gives the id of no login, so that the token is refused.
    """
    if claim is None:
        return None
    try:
        return UUID(claim)
    except (ValueError, TypeError, AttributeError):
        return uuid4()


@cached_until_setting_changes("INSTALLED_APPS")
def in_use() -> bool:
    """Return whether this project issues such tokens."""
    return any(apps.is_installed(app) for app in APPS)


def register_login(user: Any, request: HttpRequest | None, *, expires: datetime) -> LoginSession:
    """Write the row of a new login."""
    return registry.create_row(
        kind=KIND,
        user=user,
        **registry.start_fields(timezone.now()),
        expires_at=expires,
        **registry.request_facts(request),
    )


def adopt_login(name: str, user_id: Any, *, begun: datetime, expires: datetime) -> UUID:
    """Write the row of a login whose tokens carry no id, and return its id.

    Such tokens are from before the installation, or issued by other code. The same name always
    gives the same id.
    """
    row, _ = registry.sessions().get_or_create(
        pk=identity.fingerprint(f"{KIND}:{name}"),
        defaults={
            "newest_cutoff": registry.newest_cutoff(),
            "kind": KIND,
            "user_id": user_id,
            "created_at": begun,
            "authenticated_at": begun,
            "expires_at": expires,
        },
    )
    return row.pk


def extend_login(family_id: UUID, expires: datetime) -> bool:
    """Record that a token was exchanged for a new one; return false if the login has ended.

    An exchange is activity, and the login lives until the new token expires. The UPDATE waits for
    an ending in another transaction, which has locked the row.
    """
    alive = registry.only_active(registry.sessions().filter(pk=family_id))
    extend = partial(alive.update, last_seen_at=timezone.now(), expires_at=expires)
    return bool(retry(extend, registry.database()))


def exclude_from_ending(session_ids: Collection[UUID], at: datetime) -> None:
    """Keep logins active when the others of their user end.

    An adopted login began before that ending, and would be refused for it.
    """
    ids = [*session_ids, *tied_to(session_ids)]
    if adopted := [session_id for session_id in ids if identity.is_adopted(session_id)]:
        rows = registry.only_active(registry.sessions().filter(pk__in=adopted, kind=KIND))
        rows.update(created_at=at + datetime.resolution)


def end_with_tied(
    event_id: UUID, at: datetime, rows: QuerySet[LoginSession] | None, **which: Any
) -> tuple[tuple[EndedSession, ...], tuple[str, ...]]:
    """End sessions as :func:`registry.end_rows` does, and the logins that were begun in them."""
    ended, keys = registry.end_rows(event_id, at, rows, **which)
    if bound := tied_to([session.id for session in ended]):
        ended += registry.end_rows(event_id, at, registry.sessions().filter(pk__in=bound))[0]
    return ended, keys


def tied_to(session_ids: Collection[UUID]) -> list[UUID]:
    """Return the ids of the logins that were begun in these browser sessions, and end with them."""
    if not session_ids or not in_use():
        return []
    ties = CredentialBinding.objects.using(registry.database())
    bound = ties.filter(kind=KIND, session_id__in=session_ids).order_by()
    return list(bound.values_list("pk", flat=True))


def active_ids(user_id: Any) -> QuerySet[LoginSession, UUID]:
    """Return the ids of a user's active logins."""
    rows = registry.only_active(registry.sessions().filter(user_id=user_id, kind=KIND)).order_by()
    return rows.values_list("pk", flat=True)


def without_tied(rows: QuerySet[LoginSession]) -> QuerySet[LoginSession]:
    """Return those of these sessions that were not begun in a browser's session."""
    ties = CredentialBinding.objects.filter(kind=KIND)
    return rows.exclude(pk__in=ties.values("pk")) if in_use() else rows
