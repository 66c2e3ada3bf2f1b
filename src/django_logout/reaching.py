"""Which credentials beside its sessions an ending reaches."""

from __future__ import annotations

from django_logout import ties
from django_logout.types import Ending, Reach, Scope


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
            return Reach(users=frozenset([user_id]), spared=ties.of_living(user_id))
        case Scope.CREDENTIAL:
            user, credential_id = target.value
            return Reach(owners=frozenset([user.pk]), chosen={"*": frozenset([credential_id])})
        case _:
            ids = [session.id for session in ending.sessions]
            return Reach(owners=owners, chosen=ties.of(ids))
