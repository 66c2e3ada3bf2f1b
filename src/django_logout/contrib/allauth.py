"""allauth's own page of sessions, made true on every engine::

USERSESSIONS_ADAPTER = "django_logout.contrib.allauth.SessionsAdapter"
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.apps import apps

from django_logout.ending.pipeline import end_sessions
from django_logout.sessions import engines, identity
from django_logout.types import Target
from django_logout.utils.context import current_request


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ends sessions through the door. allauth alone deletes them from the engine's store: signed
    cookies cannot be deleted there, and a request in flight can write others back."""

    def end_sessions(self, sessions: Iterable[Any]) -> None:
        """End these. If they are all others that allauth knows of this user, then really all: those
        too that it has lost sight of, as it does of signed cookies and of rotated keys.

        Raises :class:`SessionNotEnded`.
        """
        chosen = list(sessions)
        request = current_request.get()
        user = request.user if request is not None else None
        if request is not None and _are_all_others(request, chosen):
            target = Target.others(request)
        else:
            target = Target.sessions(_ids(chosen))
        end_sessions(target, actor=user, request=request)
        super().end_sessions(chosen)


def _are_all_others(request: Any, chosen: list[Any]) -> bool:
    here = request.session.session_key
    rows = apps.get_model("usersessions", "UserSession").objects
    known = rows.filter(user_id=request.user.pk).exclude(session_key=here)
    return set(known.values_list("pk", flat=True)) == {session.pk for session in chosen} and all(
        session.session_key != here for session in chosen
    )


def _ids(chosen: list[Any]) -> list[UUID]:
    store = engines.current().store
    found = (store(session.session_key).get(identity.ID_KEY) for session in chosen)
    return [UUID(session_id) for session_id in found if session_id]
