"""Which credentials beside its sessions an ending reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django_logout.enums import Scope
from django_logout.revokers import bindings
from django_logout.sessions import token_logins
from django_logout.types import Ending, Reach


def reach(ending: Ending) -> Reach:
    """Whose credentials are meant: all of some users', all but those of a session that goes on,
    or those that were obtained in the sessions that end. Asks for ties only where they matter."""
    target, owners = ending.target, frozenset(session.user_id for session in ending.sessions)
    match target.scope:
        case Scope.EVERYONE:
            return Reach(users=None)
        case Scope.USER:
            return Reach(users=frozenset([target.value.pk]))
        case Scope.USERS:
            return Reach(users=frozenset(target.value.values_list("pk", flat=True)))
        case Scope.OTHERS:
            user_id = target.value.user.pk
            living = token_logins.active_ids(user_id) if token_logins.in_use() else ()
            spared = _with_families(bindings.of_living(user_id), living)
            return Reach(users=frozenset([user_id]), excluded_ids=spared)
        case Scope.CREDENTIAL:
            user, credential_id = target.value
            return Reach(
                owners=frozenset([user.pk]), selected_ids={"*": frozenset([credential_id])}
            )
        case _:
            ids = [session.id for session in ending.sessions]
            ended = (s.id for s in ending.sessions if s.kind == token_logins.KIND)
            return Reach(owners=owners, selected_ids=_with_families(bindings.of(ids), ended))


def _with_families(by_kind: bindings.ByKind, ids: Iterable[UUID]) -> Mapping[str, frozenset[UUID]]:
    """The tokens of a login are chosen, or spared, by its id."""
    theirs = by_kind.get(token_logins.KIND, frozenset()).union(ids)
    return {**by_kind, token_logins.KIND: theirs} if theirs else by_kind
