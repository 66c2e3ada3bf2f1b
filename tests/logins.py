"""Browsers in which somebody logs in, one after the other."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.exceptions import LoginRefused
from tests.clocks import browser

BACKEND = "django.contrib.auth.backends.ModelBackend"
FORM = {"username": "ann", "password": "pw"}


def in_turn(user: Any, clock: Any, number: int) -> list[Client]:
    """Browsers in which somebody logs in, one after the other."""
    found = []
    for _ in range(number):
        clock.shift(1)
        found.append(browser(user))
    return found


def log_in(client: Client, url: str = "/login/") -> Any:
    """By the form."""
    return client.post(url, FORM)


def swallowing(user: Any) -> Any:
    """A view that logs somebody in, and says who is there if that is refused."""

    def view(request: HttpRequest) -> HttpResponse:
        try:
            login(request, user, BACKEND)
        except LoginRefused:
            return HttpResponse(f"user={request.user.get_username()}")
        raise AssertionError

    return view
