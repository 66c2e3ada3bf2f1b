"""A view that deletes the session cookie, and leaves the session as it is, has logged out."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.models import LoginSession, LogoutEvent
from tests.clients import copy_of, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

DELETED = "A view has deleted the cookie of an active session"


def withdraw(request: HttpRequest) -> HttpResponse:
    """Say "logged out" to the browser alone, as some apps do."""
    if "change" in request.GET:
        request.session["count"] = 1
    response = HttpResponse("logged out", status=int(request.GET.get("status", 200)))
    response.delete_cookie(request.GET.get("name", django_settings.SESSION_COOKIE_NAME))
    return response


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.ROOT_URLCONF = routes(withdraw)


def test_session_ends_with_its_cookie(
    engine: str, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The response stays as it is, and a copy of the cookie is refused."""
    client = logged_in(user)
    thief = copy_of(client)
    response = client.get(f"{OUT}?status=405")
    assert (response.status_code, response.content) == (405, b"logged out")
    assert not client.cookies["sessionid"].value
    assert logged_in_as(thief) == ""
    assert [event.reason for event in LogoutEvent.objects.all()] == ["flushed"]
    assert caplog.text.count(DELETED) == 1


@pytest.mark.parametrize("query", ["name=theme", "change=1"])
def test_session_lives_while_its_cookie_does(
    engine: str, user: Any, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Another cookie is deleted, or Django sets this one again."""
    client = logged_in(user)
    client.get(f"{OUT}?{query}")
    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.filter(ended_at=None).count() == 1
    assert DELETED not in caplog.text


def test_nobody_is_logged_in(user: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Without a session, or with an anonymous one, nothing ends."""
    client = Client()
    client.get(OUT)
    client.get(f"{OUT}?change=1")
    client.get(OUT)
    assert not LogoutEvent.objects.exists()
    assert DELETED not in caplog.text
