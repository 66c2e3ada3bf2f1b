"""The sessions themselves, where the engine lets us delete them from afar."""

from __future__ import annotations

from django_logout.enums import SESSION, Scope
from django_logout.revokers.base import Revoker
from django_logout.sessions import cutoffs, engines, registry
from django_logout.types import Ending


class SessionRevoker(Revoker):
    """Deletes the rows of the engine's own table. Where that is what ends a session (the ``db``
    engine), core does not fence it: if it fails, nothing has ended."""

    name = "session"

    @property
    def essential(self) -> bool:
        """The rows are deleted in the ending's own transaction, or there are none to delete."""
        return True

    def revoke(self, ending: Ending) -> int:
        """Delete the rows, and count the browser sessions that have ended, on whatever engine."""
        if ending.target.scope is Scope.EVERYONE:  # refused from now on, and not listed
            return cutoffs.count_before(ending.at)
        engines.current().delete(ending.keys, using=registry.database())
        return sum(session.kind == SESSION for session in ending.sessions)
