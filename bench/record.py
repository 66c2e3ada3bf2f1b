"""A record of logins and their ends, by hand: what the least costs that is asked of a database."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.db import transaction
from django.http import HttpRequest, HttpResponse


class RecordByHand:
    """In one transaction the row of the login says that it has ended, and one more says how. The
    log of the admin serves as the table of both."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/accounts/logout/":
            with transaction.atomic():
                login = LogEntry.objects.filter(user=request.user.pk, action_flag=ADDITION)
                login.update(change_message="ended")
                LogEntry.objects.create(user_id=request.user.pk, action_flag=DELETION)
        response: HttpResponse = self.get_response(request)
        if request.path == "/accounts/login/":
            LogEntry.objects.create(user_id=request.user.pk, action_flag=ADDITION)
        return response
