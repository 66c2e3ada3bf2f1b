"""Responses to htmx move the whole page and are never swapped into a fragment."""

from typing import Any

import pytest
from django.test import Client

from django_logout import Target, end_sessions
from tests.clients import LOGOUT, Page, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/cars/?page=2"}


def test_a_logout_moves_the_page(ann: Client) -> None:
    """The status is 204 with HX-Redirect, because htmx ignores its headers on a 3xx."""
    response = ann.post(LOGOUT, {"next": "/quiet/"}, headers=HTMX)

    assert (response.status_code, response.content) == (204, b"")
    assert response["HX-Redirect"] == "/quiet/"
    assert "no-store" in response["Cache-Control"]
    assert logged_in_as(ann) == ""


def test_a_line_break_in_next_is_encoded(ann: Client) -> None:
    """As a redirect does it. A header cannot hold one, and the user has been logged out."""
    response = ann.post(LOGOUT, {"next": "/quiet/?a\r\nb=\u00e9"}, headers=HTMX)

    assert response.status_code == 204
    assert response["HX-Redirect"] == "/quiet/?a%0D%0Ab=%C3%A9"


def test_a_logout_without_a_redirect_moves_to_the_goodbye_page(ann: Client) -> None:
    """GET shows the goodbye page to a user who is not logged in."""
    url = ann.post(LOGOUT, headers=HTMX)["HX-Redirect"]

    assert "You have been logged out." in Page(ann.get(url)).text


def test_a_fragment_of_an_ended_session_moves_the_page_to_login(
    engine: str, user: Any, ann: Client
) -> None:
    """The login leads back to the page, not to the fragment."""
    end_sessions(Target.user(user), reason="admin")

    response = ann.get("/private/?fragment=1", headers=HTMX)

    assert response.status_code == 204
    assert response["HX-Redirect"] == "/login/?next=http%3A//testserver/cars/%3Fpage%3D2"
    page = ann.get(response["HX-Redirect"])
    assert b"An administrator ended your session." in page.content


def test_djangos_login_follows_an_absolute_next_on_this_host(user: Any, client: Client) -> None:
    """htmx sends the current page as an absolute URL."""
    given = {"username": "ann", "password": "pw", "next": HTMX["HX-Current-URL"]}

    assert client.post("/login/", given)["Location"] == HTMX["HX-Current-URL"]


def test_an_error_is_not_a_redirect(ann: Client) -> None:
    """htmx leaves errors to the page."""
    assert ann.put(LOGOUT, headers=HTMX).status_code == 405
