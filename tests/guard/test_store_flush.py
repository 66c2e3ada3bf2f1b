"""A project that flushes the session itself ends it too, known or not."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from django_logout.enums import Reason
from django_logout.models import LogoutEvent
from tests.clients import copy_of, logged_in_as
from tests.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db(transaction=True)


def flush(request: HttpRequest) -> HttpResponse:
    """The hand-written way to log out; nothing before it has looked at the session."""
    request.session.flush()
    return HttpResponse()


async def aflush(request: HttpRequest) -> HttpResponse:
    """The same."""
    await request.session.aflush()
    return HttpResponse()


urlpatterns = [path("flush/", flush), path("aflush/", aflush), *site_urls]


@pytest.mark.parametrize("url", ["/flush/", "/aflush/"])
def test_flush_of_an_unread_session_ends_it(
    engine: str, user: Any, settings: Any, url: str
) -> None:
    """With a copied cookie too, on record, and once."""
    settings.ROOT_URLCONF = __name__
    client = Client()
    client.force_login(user)
    thief = copy_of(client)

    response = client.get(url)

    assert response.cookies["sessionid"].value == ""
    assert logged_in_as(client) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.get().reason == Reason.FLUSHED


def test_flush_of_an_anonymous_session_is_no_ending(
    client: Client, db: None, settings: Any
) -> None:
    """There is nothing to record."""
    settings.ROOT_URLCONF = __name__

    client.get("/flush/")

    assert not LogoutEvent.objects.exists()
