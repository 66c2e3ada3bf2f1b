"""Signals of this package."""

from django.dispatch import Signal

#: Sent once for each session that a login has begun, when its row is written; not when somebody
#: logs in again in a session. The transaction may yet be rolled back.
#:
#: Arguments: ``session`` (:class:`~django_logout.models.LoginSession`; its ``kind`` tells logins of
#: browsers and those for tokens apart) and ``request`` (or ``None``, of tokens that are issued
#: outside of one). Receivers that raise are logged and stop nothing.
session_started = Signal()

#: Sent once for each session that has ended, after the ending is committed.
#:
#: Arguments: ``session`` (:class:`~django_logout.types.EndedSession`), ``user`` (or ``None``
#: when only the id is at hand, see ``session.user_id``), ``reason``, ``actor``, ``event`` (the
#: :class:`~django_logout.models.LogoutEvent`) and ``request`` (or ``None``). Receivers that
#: raise are logged and cannot keep anyone signed in.
session_ended = Signal(use_caching=True)  # an ending may send it a thousand times

#: Sent once for each session whose cookie comes back after it has ended: somebody has a copy.
#:
#: Arguments: ``session`` (:class:`~django_logout.types.EndedSession`, with ``id`` and
#: ``user_id``) and ``request``, which tells where it came from. The request has been refused.
session_replayed = Signal()
