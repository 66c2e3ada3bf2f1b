"""Logins that wait until the user has chosen which sessions end, or that are refused."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.exceptions import LoginRefused
from django_logout.models import LoginSession
from tests.clients import BACKEND, log_in

CHOOSE = "/accounts/sessions/choose/"
LAPSED = "This login could not be completed. Please log in again."


def client_at_limit(url: str = "/login/", **data: Any) -> Client:
    """Return a client that has passed the login form while the user is at the limit."""
    client = Client()
    answer = log_in(client, url, **data)
    assert (answer.status_code, answer["Location"]) == (302, CHOOSE)
    return client


def active_ids() -> list[str]:
    """Return the ids of the user's active sessions, the oldest first."""
    rows = LoginSession.objects.filter(ended_at=None, user__username="ann").order_by("created_at")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def view_ignoring_refusal(user: Any) -> Any:
    """Return a view that logs the user in, and names the user of the request if that is refused."""

    def view(request: HttpRequest) -> HttpResponse:
        try:
            login(request, user, BACKEND)
        except LoginRefused:
            return HttpResponse(f"user={request.user.get_username()}")
        raise AssertionError

    return view
