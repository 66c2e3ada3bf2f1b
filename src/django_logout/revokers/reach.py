"""Find the credentials that an ending includes, beside the sessions."""

from collections.abc import Iterable
from uuid import UUID

from django_logout.enums import Scope
from django_logout.revokers import bindings
from django_logout.sessions import token_logins
from django_logout.types import Ending, Reach


def find_reach(ending: Ending, own: UUID | None) -> Reach:
    """Return the reach of an ending whose sessions have already been marked as ended.

    It is all credentials of some users, or all except those of the sessions that stay active, or
    only those that were obtained in the ended sessions. Bindings are queried only in the last two
    cases. ``own`` is the token that asks to end the others, and stays valid.
    """
    value = ending.target.value
    match ending.target.scope:
        case Scope.EVERYONE:
            return Reach(users=None)
        case Scope.USER:
            return Reach(users=frozenset([value.pk]))
        case Scope.USERS:
            return Reach(users=frozenset(value.values_list("pk", flat=True)))
        case Scope.OTHERS:
            user_id = value.user.pk
            bound = bindings.credentials_of_active_sessions(user_id)
            logins = token_logins.active_ids(user_id) if token_logins.in_use() else ()
            own_ids = frozenset(() if own is None else [own])
            excluded = {**_with_token_logins(bound, logins), "*": own_ids}
            return Reach(users=frozenset([user_id]), excluded_ids=excluded)
        case Scope.CREDENTIAL:
            user, credential_id = value
            selected = {"*": frozenset([credential_id])}
            return Reach(owners=frozenset([user.pk]), selected_ids=selected)
        case _:
            bound = bindings.credentials_of_sessions([session.id for session in ending.sessions])
            ended = (s.id for s in ending.sessions if s.kind == token_logins.KIND)
            owners = frozenset(session.user_id for session in ending.sessions)
            return Reach(owners=owners, selected_ids=_with_token_logins(bound, ended))


def _with_token_logins(bound: bindings.IdsByKind, logins: Iterable[UUID]) -> bindings.IdsByKind:
    """Add token logins, whose tokens are selected or excluded by the id of the login."""
    ids = bound.get(token_logins.KIND, frozenset()).union(logins)
    return {**bound, token_logins.KIND: ids} if ids else bound
