"""Two requests in flight rotate the key of one session: each makes a key that works."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.backends import BaseBackend
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.sessions import engines, registry
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


@pytest.mark.engines("db")
def test_a_third_rotation_between_two_steps_of_recording_is_no_loss(
    two_keys: Any, engine: str, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row has another key than was read a moment before, so it is read again."""
    ask, calls = registry.only_active, []

    def only_active(rows: Any) -> Any:
        calls.append(rows)
        return ask(rows.none() if len(calls) == 1 else rows)

    monkeypatch.setattr(registry, "only_active", only_active)
    browser = two_keys[0]
    browser.get(OUT)
    monkeypatch.undo()
    assert len(calls) == 3
    assert logged_in_as(browser) == user.get_username()
    assert LoginSession.objects.get().session_key == browser.cookies["sessionid"].value


@pytest.mark.engines("db")
def test_a_backend_that_knows_no_such_user_leaves_it_to_the_user_model(
    engine: str, settings: Any, user: Any
) -> None:
    """The session's own backend is asked first, because it may have users of another model."""
    path = f"{__name__}.Nobody"
    settings.AUTHENTICATION_BACKENDS = [path]
    store = engines.current_engine().store()
    store[BACKEND_SESSION_KEY] = path
    assert registry.find_owner(store, str(user.pk)) == user
    assert registry.find_owner(store, "0") is None


class Nobody(BaseBackend):
    """It authenticates no one."""
