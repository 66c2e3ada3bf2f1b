"""Browsers in which somebody is signed in, and what they see of their sessions."""

from datetime import timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from django_logout.models import LoginSession
from tests.pages import csrf_token

SESSIONS = "/accounts/sessions/"
OTHERS = "/accounts/sessions/end-others/"
EVERYWHERE = "/accounts/sessions/end-all/"
JSON = {"Accept": "application/json"}
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def browser(user: Any, agent: str = FIREFOX, **options: Any) -> Client:
    """A browser in which somebody has logged in by the form."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR="203.0.113.7", **options)
    page = client.get("/login/")
    data = {"username": user.get_username(), "password": "pw"}
    if options.get("enforce_csrf_checks"):
        data["csrfmiddlewaretoken"] = csrf_token(page)
    assert client.post("/login/", data).status_code == 302
    return client


def listed(client: Client) -> list[dict[str, Any]]:
    """The JSON list."""
    found: list[dict[str, Any]] = client.get(SESSIONS, headers=JSON).json()["sessions"]
    return found


def id_of(client: Client) -> str:
    """The public id of this client's session."""
    return next(str(entry["id"]) for entry in listed(client) if entry["current"])


def end_url(session_id: Any) -> str:
    """Where to end one session."""
    return f"{SESSIONS}{session_id}/end/"


def said(response: Any) -> list[str]:
    """What a page tells in its notices."""
    return [str(notice) for notice in response.context["notices"]]


def age(seconds: float) -> None:
    """Let all logins lie so long in the past."""
    then = timezone.now() - timedelta(seconds=seconds)
    LoginSession.objects.update(authenticated_at=then)


def before_us(user: Any) -> Client:
    """A browser that was logged in before the package was installed."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    return client


def signed_in_by_header(get_response: Any) -> Any:
    """A middleware that believes what it is told: users without a session of their own."""

    def middleware(request: HttpRequest) -> Any:
        if name := request.headers.get("X-User"):
            request.user = get_user_model().objects.get(username=name)
        return get_response(request)

    return middleware
