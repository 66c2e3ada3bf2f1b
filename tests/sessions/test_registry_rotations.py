"""Two requests in flight rotate the key of one session: each makes a key that works."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from tests.backends import cache_from_url
from tests.clients import copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

#: The browser whose request gets in between.
OTHER: dict[str, Client] = {}


def rotate(request: HttpRequest) -> HttpResponse:
    """Give the session a new key, after another tab has done the same."""
    request.session["seen"] = True
    if other := OTHER.pop("tab", None):
        other.get(OUT)
    request.session.cycle_key()
    return HttpResponse()


@pytest.fixture
def two_keys(engine: str, settings: Any, user: Any) -> tuple[Client, Client]:
    """Two browsers with the two keys that requests in flight have made of one."""
    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    settings.ROOT_URLCONF = routes(rotate)
    first = Client()
    first.force_login(user)
    OTHER["tab"] = second = copy_of(first)
    first.get(OUT)
    assert first.cookies["sessionid"].value != second.cookies["sessionid"].value
    assert LoginSession.objects.count() == 1
    return first, second


@pytest.mark.engines("db", "cached_db")
def test_the_key_that_is_superseded_is_deleted(two_keys: Any, engine: str, user: Any) -> None:
    """The row names one key, so an ending could not delete the other."""
    later, earlier = two_keys
    assert logged_in_as(later) == user.get_username()
    assert Session.objects.count() == 1
    assert logged_in_as(earlier) == ""


@pytest.mark.engines("db", "cached_db", "cache", "file")
@pytest.mark.parametrize("everyone", [False, True], ids=["user", "everyone"])
def test_neither_key_is_served_after_an_ending(
    two_keys: Any, engine: str, user: Any, everyone: bool
) -> None:
    """Both were served a moment before, and what was seen then does not count."""
    for browser in (*two_keys, *two_keys):
        logged_in_as(browser)
    assert end_sessions(Target.everyone() if everyone else Target.user(user)).complete
    assert [logged_in_as(browser) for browser in two_keys] == ["", ""]


@pytest.mark.engines("db")
def test_a_copy_that_the_project_made_is_not_served_after_an_ending(
    engine: str, settings: Any, user: Any
) -> None:
    """The row of the session does not know its key, so nothing of it is remembered."""
    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    browser = Client()
    browser.force_login(user)
    stored = Session.objects.get()
    Session.objects.create(
        session_key="copy" * 8, session_data=stored.session_data, expire_date=stored.expire_date
    )
    copy = Client()
    copy.cookies["sessionid"] = "copy" * 8
    assert [logged_in_as(copy), logged_in_as(copy)] == ["ann", "ann"]
    assert end_sessions(Target.user(user)).complete
    assert logged_in_as(copy) == ""
