"""Which tokens were obtained in which session: they end with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import salted_hmac

from django_logout.guard.store import GuardedStore
from django_logout.models import CredentialBinding
from django_logout.sessions import registry
from django_logout.utils.context import current_request

ByKind = Mapping[str, frozenset[UUID]]


def public_id(kind: str, pk: Any) -> UUID:
    """The id by which a token is known to its owner: a keyed hash of its primary key, which may be
    the token itself."""
    digest = salted_hmac("django_logout.ties", f"{kind}:{pk}", algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=5)


def current_session_id(user_id: Any) -> UUID | None:
    """The session of the request that is being served, if this user is logged in to it. One that
    has not been looked at was not what let the user in."""
    request = current_request.get()
    session: Any = getattr(request, "session", None)
    if not isinstance(session, GuardedStore) or "_session_cache" not in session.__dict__:
        return None
    identity = session.identity
    return identity.id if identity and identity.user_id == str(user_id) else None


def bind(kind: str, pk: Any, session_id: UUID) -> bool:
    """Tie a token that has just been made to a session; false if that has ended meanwhile, and
    nothing may come of it any more."""
    return bind_id(kind, public_id(kind, pk), session_id)


def bind_id(kind: str, credential_id: UUID, session_id: UUID) -> bool:
    """Like :func:`bind`, by the token's public id.

    The UPDATE changes nothing: it makes this and an ending of the session take turns, so that
    either the ending sees the tie, or this sees the ending.
    """
    with transaction.atomic(using=registry.database()):
        session = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
        alive = bool(session.update(user_id=F("user_id")))
        if alive:
            ties = CredentialBinding.objects.using(registry.database())
            tie = CredentialBinding(pk=credential_id, session_id=session_id, kind=kind)
            ties.bulk_create([tie], ignore_conflicts=True)
    return alive


def session_of(kind: str, pk: Any) -> UUID | None:
    """The session that a token is tied to, if it is."""
    ties = CredentialBinding.objects.using(registry.database()).filter(pk=public_id(kind, pk))
    return ties.values_list("session_id", flat=True).first()


def of(session_ids: Collection[UUID]) -> ByKind:
    """Public ids of the tokens that were obtained in these sessions, by kind."""
    ties = CredentialBinding.objects.using(registry.database())
    return _by_kind(ties.filter(session_id__in=session_ids)) if session_ids else {}


def of_living(user_id: Any) -> ByKind:
    """Public ids of the tokens that were obtained in those sessions of a user that go on."""
    ties = CredentialBinding.objects.using(registry.database())
    return _by_kind(ties.filter(session__user_id=user_id, session__ended_at__isnull=True))


def _by_kind(ties: QuerySet[CredentialBinding]) -> ByKind:
    found: dict[str, set[UUID]] = defaultdict(set)
    for kind, tie_id in ties.order_by().values_list("kind", "pk"):
        found[kind].add(tie_id)
    return {kind: frozenset(ids) for kind, ids in found.items()}
