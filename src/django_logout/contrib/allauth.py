"""Make allauth's own page of sessions end sessions on every engine::

USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.apps import apps

from django_logout.ending.pipeline import end_sessions
from django_logout.enums import Reason
from django_logout.sessions import engines, identity
from django_logout.types import Target
from django_logout.utils.context import current_request


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ends sessions by ``end_sessions()``.

    allauth alone deletes them from the engine's store. That cannot delete signed cookies, and a
    request in flight can restore the sessions of other engines.
    """

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        """End these sessions. Raises :class:`SessionNotEnded`.

        If they are all others that allauth knows of this user, end all others indeed: allauth loses
        track of signed cookies and of rotated keys.
        """
        chosen = list(sessions)
        request = current_request.get()
        user = request.user if request is not None else None
        if request is not None and _are_all_others(request, chosen):
            target, reason = Target.others(request), Reason.REMOTE
        else:
            store = engines.current_engine().store
            ids = (store(session.session_key).get(identity.ID_KEY) for session in chosen)
            target = Target.sessions([UUID(session_id) for session_id in ids if session_id])
            own_key = request.session.session_key if request is not None else None
            elsewhere = own_key is not None and own_key not in {s.session_key for s in chosen}
            reason = Reason.REMOTE if elsewhere else Reason.USER
        end_sessions(target, reason=reason, actor=user, request=request)
        super().end_sessions(chosen)


def _are_all_others(request: Any, chosen: list[Any]) -> bool:
    own_key = request.session.session_key
    rows = apps.get_model("usersessions", "UserSession").objects
    others = rows.filter(user_id=request.user.pk).exclude(session_key=own_key)
    return set(others.values_list("pk", flat=True)) == {session.pk for session in chosen} and all(
        session.session_key != own_key for session in chosen
    )
