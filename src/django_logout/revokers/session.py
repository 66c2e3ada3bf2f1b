"""Count the sessions that an ending has ended."""

from django_logout.enums import SESSION, Scope
from django_logout.revokers.base import Revoker
from django_logout.sessions import cutoffs
from django_logout.types import Ending


class SessionRevoker(Revoker):
    """Reports the sessions; :func:`registry.end_rows` has ended them, and deleted their data.

    It does so in the ending's own transaction. On the ``db`` engine the deletion is what ends a
    session, so if it fails, nothing has ended.
    """

    name = "session"
    essential = True

    def revoke(self, ending: Ending) -> int:
        """Return the number of ended browser sessions on any engine."""
        if ending.target.scope is Scope.EVERYONE:
            # A cutoff refuses all earlier sessions from now on, so the ending lists none.
            return cutoffs.count_before(ending.at)
        return sum(session.kind == SESSION for session in ending.sessions)
