"""Delete ended sessions from the table of the session engine."""

from django_logout.enums import SESSION, Scope
from django_logout.revokers.base import Revoker
from django_logout.sessions import cutoffs, engines, registry
from django_logout.types import Ending


class SessionRevoker(Revoker):
    """Deletes session rows in the ending's own transaction.

    On the ``db`` engine that is what ends a session, so if it fails, nothing has ended.
    """

    name = "session"
    essential = True

    def revoke(self, ending: Ending) -> int:
        """Delete the rows, and return the number of ended browser sessions on any engine."""
        if ending.target.scope is Scope.EVERYONE:
            # A cutoff refuses all earlier sessions from now on, so the ending lists none.
            return cutoffs.count_before(ending.at)
        if ending.keys:
            engines.current_engine().delete(ending.keys, using=registry.database())
        return sum(session.kind == SESSION for session in ending.sessions)
