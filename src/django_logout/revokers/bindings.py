"""Bind tokens to the session in which they were obtained, so that they end with it."""

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
from django_logout.sessions.identity import uuid_of
from django_logout.utils.context import current_request
from django_logout.utils.transactions import retry

IdsByKind = Mapping[str, frozenset[UUID]]


def public_id(kind: str, pk: Any) -> UUID:
    """Return the id of a token that its owner may see.

    It is a keyed hash of the primary key, because that may be the token itself.
    """
    digest = salted_hmac("django_logout.ties", f"{kind}:{pk}", algorithm="sha256").digest()
    return uuid_of(digest)


def current_session_id(user_id: Any) -> UUID | None:
    """Return the id of the current request's session, if this user is logged in to it.

    ``None`` is returned for a session that has not been loaded: it did not authenticate the request.
    """
    request = current_request.get()
    session: Any = getattr(request, "session", None)
    if not isinstance(session, GuardedStore) or "_session_cache" not in session.__dict__:
        return None
    identity = session.proved_identity
    return identity.id if identity and identity.user_id == str(user_id) else None


def bind_to_session(kind: str, credential_id: UUID, session_id: UUID) -> bool:
    """Bind a new token to a session. Return false if the session has ended meanwhile; then the
    token must not be used.

    The UPDATE changes no value. It serializes this with an ending of the session, so that either
    the ending sees the binding, or this sees the ending.
    """

    def bind() -> bool:
        with transaction.atomic(using=registry.database()):
            session = registry.sessions().filter(pk=session_id, ended_at__isnull=True)
            is_active = bool(session.update(user_id=F("user_id")))
            if is_active:
                binding = CredentialBinding(pk=credential_id, session_id=session_id, kind=kind)
                _rows().bulk_create([binding], ignore_conflicts=True)
        return is_active

    return retry(bind, registry.database())


def bound_session_id(credential_id: UUID) -> UUID | None:
    """Return the id of the session that a token is bound to, or ``None`` if it is not bound."""
    return _rows().filter(pk=credential_id).values_list("session_id", flat=True).first()


def credentials_of_sessions(session_ids: Collection[UUID]) -> IdsByKind:
    """Return the public ids of the tokens that were obtained in these sessions, by kind."""
    return _ids_by_kind(_rows().filter(session_id__in=session_ids)) if session_ids else {}


def credentials_of_active_sessions(user_id: Any) -> IdsByKind:
    """Return the public ids of the tokens that were obtained in a user's active sessions, by kind."""
    return _ids_by_kind(_rows().filter(session__user_id=user_id, session__ended_at__isnull=True))


def _rows() -> QuerySet[CredentialBinding]:
    return CredentialBinding.objects.using(registry.database())


def _ids_by_kind(rows: QuerySet[CredentialBinding]) -> IdsByKind:
    ids: dict[str, set[UUID]] = defaultdict(set)
    for kind, credential_id in rows.order_by().values_list("kind", "pk"):
        ids[kind].add(credential_id)
    return {kind: frozenset(found) for kind, found in ids.items()}
