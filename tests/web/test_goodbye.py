"""What the goodbye page says after a script has logged out and opens it."""

from collections.abc import Collection
from contextlib import nullcontext
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.core import signing
from django.test import AsyncClient, Client
from django.urls import path

from django_logout import hooks
from django_logout.models import LogoutEvent
from django_logout.views import AsyncLogoutView
from django_logout.web.goodbye import COOKIE, MAX_AGE
from tests.clients import JSON, LOGOUT, Page
from tests.ending.failing_database import failing
from tests.urls import urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)

ALL = "You have been logged out on all your devices."
TOLD = "Cars has logged you out, too."


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another site has heard of every ending."""

    def tell(event_ids: Collection[UUID]) -> dict[UUID, list[str]]:
        assert LogoutEvent.objects.filter(pk__in=event_ids).count() == len(event_ids)
        return {event_id: [TOLD] for event_id in event_ids}

    monkeypatch.setattr(hooks, "told", [tell])


def test_page_says_after_a_fetch_what_it_says_after_a_form(ann: Client, told: None) -> None:
    """Once; later it is the page for anyone who is not logged in."""
    assert ann.post(LOGOUT, headers=JSON).json()["logged_out"]
    assert TOLD in Page(ann.get(LOGOUT)).text
    assert TOLD not in Page(ann.get(LOGOUT)).text


def test_everywhere_is_said_too(ann: Client) -> None:
    """Which box the user has ticked is not in the second request."""
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    assert ALL in Page(ann.get(LOGOUT)).text


def test_nothing_is_kept_if_there_is_nothing_to_say(ann: Client) -> None:
    """Nor after a form, whose response is the page."""
    ann.post(LOGOUT, headers=JSON)
    assert COOKIE not in ann.cookies
    ann.post(LOGOUT, {"everywhere": "on"})
    assert COOKIE not in ann.cookies


def test_nothing_is_kept_for_another_page(ann: Client, settings: Any) -> None:
    """The project's own page comes next."""
    settings.LOGOUT_REDIRECT_URL = "/"
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    assert COOKIE not in ann.cookies


def test_cookie_is_for_that_page_alone(ann: Client) -> None:
    """It is of no use to scripts and to other sites, and soon to no one."""
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    morsel = ann.cookies[COOKIE]
    assert (morsel["path"], morsel["httponly"], morsel["samesite"]) == (LOGOUT, True, "Lax")
    assert morsel["max-age"] == MAX_AGE


def test_everywhere_is_not_said_once_the_user_has_logged_in_again(ann: Client, user: Any) -> None:
    """On another device, by another process: the page is about now (law 3)."""
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    Client().force_login(user)
    page = Page(ann.get(LOGOUT)).text
    assert "You have been logged out" in page
    assert ALL not in page


def test_an_earlier_logout_is_not_told_again(ann: Client, user: Any) -> None:
    """The script has not opened the page, and the user has logged out once more, here alone."""
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    ann.force_login(user)
    ann.post(LOGOUT, headers=JSON)
    assert ann.cookies[COOKIE].value == ""
    assert ALL not in Page(ann.get(LOGOUT)).text


def test_a_warning_is_said_too(ann: Client, settings: Any) -> None:
    """The browser may still have a session: the page must not promise the contrary alone."""
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 1}
    own = ann.cookies["sessionid"].value
    cookies = "; ".join(f"sessionid={key}" for key in (own, "a" * 32, "b" * 32, "c" * 32))
    response = ann.post(LOGOUT, headers={**JSON, "Cookie": cookies})
    assert not response.json()["complete"]
    text = Page(ann.get(LOGOUT)).text
    assert "so you may still be logged in" in text
    assert "You may still be logged in" in text
    assert "No one who uses this browser after you" not in text


@pytest.mark.parametrize("gone", ["event", "user", "database"])
def test_what_cannot_be_known_is_not_said(ann: Client, user: Any, gone: str) -> None:
    """The page is shown all the same."""
    ann.post(LOGOUT, {"everywhere": "on"}, headers=JSON)
    if gone == "event":
        LogoutEvent.objects.all().delete()
    elif gone == "user":
        LogoutEvent.objects.update(user=None)
    with failing("SELECT", "logoutevent") if gone == "database" else nullcontext():
        page = Page(ann.get(LOGOUT)).text
    assert "You have been logged out" in page
    assert ALL not in page


@pytest.mark.parametrize(
    "value",
    ["", "forged", signing.dumps([True, "", None], salt="another")],
    ids=["empty", "forged", "of another use"],
)
def test_a_forged_cookie_says_nothing(client: Client, told: None, value: str) -> None:
    """And is no error."""
    client.cookies[COOKIE] = value
    page = Page(client.get(LOGOUT)).text
    assert "You have been logged out" in page
    assert ALL not in page


def test_without_an_event_the_page_is_shown(client: Client, told: None) -> None:
    """Nobody was logged in."""
    client.post(LOGOUT, headers=JSON)
    assert TOLD not in Page(client.get(LOGOUT)).text


@pytest.mark.parametrize("asynchronous", [False, True])
def test_cookies_that_are_left_are_said_each_time(settings: Any, asynchronous: bool) -> None:
    """Also if nothing has ended, so that there is no event, and when the page is reloaded: the browser
    may be logged in by one that was not looked at."""
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 1}
    header = "; ".join(f"sessionid={letter * 32}" for letter in "abcd")
    visitor = Client(headers={"cookie": header})
    answer = visitor.post(LOGOUT, headers=JSON)
    assert (answer.json()["complete"], LogoutEvent.objects.exists()) == (False, False)
    kept = f"{header}; {COOKIE}={answer.cookies[COOKIE].value}"
    for cookies in (kept, header, header):
        if asynchronous:
            settings.ROOT_URLCONF = (path(LOGOUT[1:], AsyncLogoutView.as_view()), *urlpatterns)
            reader = AsyncClient()
            page = Page(async_to_sync(reader.get)(LOGOUT, headers={"cookie": cookies})).text
        else:
            page = Page(Client(headers={"cookie": cookies}).get(LOGOUT)).text
        assert "You may still be logged in" in page
        assert "No one who uses this browser" not in page
