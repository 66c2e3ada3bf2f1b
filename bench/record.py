"""The record of logins and logouts that a project would write by hand, in the tables of ours.

It keeps what ours keeps: the row of each login, and in one transaction with the deletion of the
session's data the end of that login and an event. Nothing guards the sessions, and no other
process learns of the end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

LOGIN = "login"
"Key in the session's data that holds the id of its row."


class Tables(AppConfig):
    """Install the models of ``django_logout`` without its receivers, checks and admin."""

    name = "django_logout"
    default_auto_field = "django.db.models.BigAutoField"


class RecordByHand:
    """Write the record around Django's own views for logging in and out."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/accounts/logout/":
            return self.log_out(request)
        response: HttpResponse = self.get_response(request)
        if request.path == "/accounts/login/":
            self.record_login(request)
        return response

    def record_login(self, request: HttpRequest) -> None:
        """Write the row of a login, and its id into the session."""
        from django_logout.models import LoginSession

        session = request.session
        row = LoginSession.objects.create(
            user_id=request.user.pk,
            session_key=session.session_key or "",
            expires_at=timezone.now() + timedelta(seconds=session.get_expiry_age()),
            **_client(request),
        )
        session[LOGIN] = str(row.pk)

    def log_out(self, request: HttpRequest) -> HttpResponse:
        """Mark the row as ended, write the event, and let Django end the session."""
        from django_logout.models import LoginSession, LogoutEvent

        with transaction.atomic():
            event = LogoutEvent(
                reason="user",
                scope="current",
                user_id=request.user.pk,
                user_label=request.user.get_username(),
                actor_id=request.user.pk,
                actor_label=request.user.get_username(),
                sessions=1,
                complete=True,
                outcomes={"session": {"ended": 1, "error": ""}},
                **_client(request),
            )
            login = LoginSession.objects.filter(pk=request.session[LOGIN], ended_at=None)
            login.update(ended_at=event.created_at, event=event.pk)
            event.save(force_insert=True)
            response: HttpResponse = self.get_response(request)
        return response


def _client(request: HttpRequest) -> dict[str, str]:
    return {
        "ip_address": request.META["REMOTE_ADDR"],
        "user_agent": request.META["HTTP_USER_AGENT"],
    }
