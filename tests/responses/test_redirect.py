"""The browser's usual answer: to where the user goes next, with why if it is the login page."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from django_logout import Target, end_sessions
from tests.pages import LOGOUT, signed_in

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/private/?page=2&q=a%26b"


def test_after_logging_out_there_is_no_message(ann: Client) -> None:
    """Whoever pressed the button knows why."""
    response = ann.post(LOGOUT, {"next": "/"})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert "messages" not in response.cookies


def test_an_ended_session_goes_to_login_says_why_and_comes_back(
    engine: str, user: Any, ann: Client
) -> None:
    """On every engine: the reason on the page, the same URL afterwards, query included."""
    ann.get("/write/")
    end_sessions(Target.user(user), reason="admin")

    response = ann.get(PAGE)
    assert response.status_code == 302
    assert "no-store" in response["Cache-Control"]
    login = urlsplit(response["Location"])
    assert (login.path, parse_qs(login.query)) == ("/login/", {"next": [PAGE]})

    page = ann.get(response["Location"])
    assert b"An administrator ended your session." in page.content
    given = {"username": "ann", "password": "pw", "next": PAGE}
    assert ann.post("/login/", given)["Location"] == PAGE
    assert signed_in(ann) == "ann"


def test_it_says_so_once(user: Any, ann: Client) -> None:
    """Not on every later visit."""
    end_sessions(Target.user(user), reason="admin")
    login = ann.get(PAGE)["Location"]
    ann.get(login)

    assert b"administrator" not in ann.get(login).content
    assert not list(get_messages(ann.get(PAGE).wsgi_request))


@pytest.mark.parametrize("storage", ["cookie.CookieStorage", "session.SessionStorage"])
def test_messages_can_be_kept_anywhere(user: Any, ann: Client, settings: Any, storage: str) -> None:
    """In the fresh session too: it is not the one that ended."""
    settings.MESSAGE_STORAGE = f"django.contrib.messages.storage.{storage}"
    end_sessions(Target.user(user), reason="admin")

    page = ann.get(PAGE, follow=True)

    assert b"An administrator ended your session." in page.content


def test_a_project_without_messages_is_redirected_all_the_same(
    user: Any, ann: Client, settings: Any
) -> None:
    """Silently, but truly."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    end_sessions(Target.user(user), reason="admin")

    assert ann.get(PAGE)["Location"].startswith("/login/?next=")


def test_pages_that_need_nobody_are_served_to_nobody(user: Any, ann: Client) -> None:
    """Only who is turned away is told."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.get("/")
    assert (response.status_code, response.content) == (200, b"user=")


def test_a_redirect_elsewhere_is_left_alone(user: Any, ann: Client) -> None:
    """Even if the session that came with it has ended."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.post("/plain-logout/")

    assert response["Location"] == "/"
    assert "messages" not in response.cookies
