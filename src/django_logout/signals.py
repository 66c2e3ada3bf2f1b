"""Signals of this package."""

from django.dispatch import Signal

#: Sent once for each session that a login has started, when its row is written. A second login of
#: the same user in the same session sends nothing. The transaction may still be rolled back.
#:
#: Arguments: ``session`` (:class:`~django_logout.models.LoginSession`, whose ``kind`` distinguishes
#: browsers from tokens) and ``request`` (``None`` for tokens that are issued outside of a request).
#: Receivers that raise are logged and stop nothing.
session_started = Signal()

#: Sent once for each session that has ended, after the ending is committed.
#:
#: Arguments: ``session`` (:class:`~django_logout.types.EndedSession`), ``user`` (``None`` if only
#: ``session.user_id`` is known), ``reason``, ``actor``, ``event`` (the
#: :class:`~django_logout.models.LogoutEvent`) and ``request`` (or ``None``). Receivers that
#: raise are logged and cannot keep a user logged in.
session_ended = Signal(use_caching=True)  # One ending may send it a thousand times.

#: Sent once for each ended session whose cookie is replayed, so a copy of it may exist.
#:
#: Arguments: ``session`` (:class:`~django_logout.types.EndedSession`, with ``id`` and
#: ``user_id``) and ``request``, the one that presented the cookie and has been refused.
session_replayed = Signal()

#: Sent once for each batch of an ending, with ``ending`` and ``event``, for receivers of this package:
#: a thousand sessions may end at once.
ending_announced = Signal()

#: Sent once for each logout of which an application has heard, or can no longer be told, where this site
#: is its OpenID provider. The argument is ``delivery``
#: (``Delivery`` of ``django_logout.federation``, whose ``state`` is ``heard`` or ``failed``).
delivery_settled = Signal()
