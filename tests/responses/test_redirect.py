"""Redirects for browsers, with a message if they lead to the login page."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from django_logout import Target, end_sessions
from tests.clients import LOGOUT, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/private/?page=2&q=a%26b"


def test_a_logout_leaves_no_message(ann: Client) -> None:
    """The user who has pressed the button knows why."""
    response = ann.post(LOGOUT, {"next": "/"})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert "messages" not in response.cookies


def test_an_ended_session_leads_to_the_login_page_with_a_reason_and_a_way_back(
    engine: str, user: Any, ann: Client
) -> None:
    """On every engine the page shows the reason, and the login leads back to the same URL."""
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
    assert logged_in_as(ann) == "ann"


def test_the_reason_is_shown_once(user: Any, ann: Client) -> None:
    """Later visits do not show it again."""
    end_sessions(Target.user(user), reason="admin")
    login = ann.get(PAGE)["Location"]
    ann.get(login)

    assert b"administrator" not in ann.get(login).content
    assert not list(get_messages(ann.get(PAGE).wsgi_request))


@pytest.mark.parametrize("storage", ["cookie.CookieStorage", "session.SessionStorage"])
def test_messages_can_be_kept_anywhere(user: Any, ann: Client, settings: Any, storage: str) -> None:
    """They may be stored in the new session, which is not the ended one."""
    settings.MESSAGE_STORAGE = f"django.contrib.messages.storage.{storage}"
    end_sessions(Target.user(user), reason="admin")

    page = ann.get(PAGE, follow=True)

    assert b"An administrator ended your session." in page.content


def test_a_project_without_messages_is_redirected(user: Any, ann: Client, settings: Any) -> None:
    """The redirect works without a message."""
    settings.MIDDLEWARE = settings.MIDDLEWARE[:-1]
    end_sessions(Target.user(user), reason="admin")

    assert ann.get(PAGE)["Location"].startswith("/login/?next=")


def test_public_pages_are_served_after_the_session_ended(user: Any, ann: Client) -> None:
    """Only a client that is denied a page is told why."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.get("/")
    assert (response.status_code, response.content) == (200, b"user=")


def test_a_redirect_elsewhere_is_left_alone(user: Any, ann: Client) -> None:
    """This holds even if the session of the request has ended."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.post("/plain-logout/")

    assert response["Location"] == "/"
    assert "messages" not in response.cookies
