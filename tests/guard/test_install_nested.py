"""Requests that a view sends to its own site, in its own process, while it serves another.

Django's test client does so in ``manage.py logout explain``, which a view may call; so do health
checks and pages that are made of other pages.
"""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.models import LoginSession, LogoutEvent
from tests.clients import LOGOUT, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inside(settings: Any) -> Callable[[Client, Callable[[], Any]], HttpResponse]:
    """Call a function in a view that has read its own session, and return the response."""

    def send(client: Client, work: Callable[[], Any]) -> HttpResponse:
        def view(request: HttpRequest) -> HttpResponse:
            before = request.user.get_username()
            work()
            return HttpResponse(f"{before} {request.session.session_key is not None}")

        settings.ROOT_URLCONF = routes(view)
        response: Any = client.post(OUT)
        return response

    return send


def test_another_browser_logs_out(engine: str, user: Any, other: Any, inside: Any) -> None:
    """Its own session ends, and that of the request around it does not."""
    outer, inner = logged_in(user), logged_in(other)
    copied = inner.cookies["sessionid"].value

    assert inside(outer, lambda: inner.post(LOGOUT)).content == b"ann True"

    assert (logged_in_as(outer), logged_in_as(inner)) == ("ann", "")
    thief = Client()
    thief.cookies["sessionid"] = copied
    assert logged_in_as(thief) == ""
    assert LogoutEvent.objects.get().user == other


def test_a_visitor_logs_in_and_out(engine: str, user: Any, other: Any, inside: Any) -> None:
    """One without a session does not take over that of the request around it."""
    outer, inner = logged_in(user), Client()

    def visit() -> None:
        assert inner.get("/").wsgi_request.user.is_anonymous
        inner.post("/login/", {"username": "bob", "password": "pw"})
        assert logged_in_as(inner) == "bob"
        inner.post(LOGOUT)
        assert logged_in_as(inner) == ""

    assert inside(outer, visit).content == b"ann True"

    assert logged_in_as(outer) == "ann"
    assert LoginSession.objects.filter(ended_at=None).get().user == user


def test_the_same_browser_logs_out(engine: str, user: Any, inside: Any) -> None:
    """The request around it is answered as one whose session has ended elsewhere."""
    outer, inner = logged_in(user), Client()
    inner.cookies["sessionid"] = outer.cookies["sessionid"].value

    inside(outer, lambda: inner.post(LOGOUT))

    assert logged_in_as(outer) == ""


def test_explain_works_in_a_view(engine: str, user: Any, inside: Any) -> None:
    """The command logs a session of its own in and out."""
    outer, printed = logged_in(user), StringIO()

    inside(outer, lambda: call_command("logout", "explain", user="ann", stdout=printed))

    assert "refused" in printed.getvalue()
    assert logged_in_as(outer) == "ann"
