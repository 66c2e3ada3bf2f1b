"""Browsers whose login waits until somebody has chosen what ends for it."""

from typing import Any

from django.test import Client

from django_logout.models import LoginSession

CHOOSE = "/accounts/sessions/choose/"
LAPSED = "That login cannot be completed any more, so nobody is logged in. Log in again."
BACKEND = "django.contrib.auth.backends.ModelBackend"


def log_in(client: Client, url: str = "/login/", **data: Any) -> Any:
    """By a form; headers, and names with a dot, go into the request instead."""
    extra = {key: data.pop(key) for key in [*data] if "." in key or key == "headers"}
    return client.post(url, {"username": "ann", "password": "pw", **data}, **extra)


def offered(url: str = "/login/", **data: Any) -> Client:
    """A browser in which she has proved who she is, at the limit."""
    client = Client()
    answer = log_in(client, url, **data)
    assert (answer.status_code, answer["Location"]) == (302, CHOOSE)
    return client


def ids() -> list[str]:
    """Her sessions, the first one first."""
    rows = LoginSession.objects.filter(ended_at=None, user__username="ann").order_by("created_at")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def all_cookies_of(client: Client) -> Client:
    """A thief's browser, with a copy of every cookie."""
    thief = Client()
    for name, morsel in client.cookies.items():
        thief.cookies[name] = morsel.value
    return thief
