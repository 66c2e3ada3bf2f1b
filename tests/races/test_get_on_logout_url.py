"""F21: GET or HEAD on the logout URL, as every old link does, was a blank 405."""

import pytest
from django.test import Client

from tests.clients import LOGOUT, Page, csrf_token, logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_old_link_leads_to_the_question_and_one_click_out(engine: str, ann: Client) -> None:
    """On every engine; nothing ends before the click."""
    ann.get("/write/")

    page = ann.get(LOGOUT)
    assert page.status_code == 200
    assert ann.head(LOGOUT).status_code == 200
    assert logged_in_as(ann) == "ann"

    ann.post(LOGOUT, {"csrfmiddlewaretoken": csrf_token(page)})
    assert logged_in_as(ann) == ""


def test_anonymous_visitor_is_told_so(client: Client) -> None:
    """No question where there is nothing to ask, and no session begun."""
    page = client.get(LOGOUT)

    assert (page.status_code, Page(page).all("form")) == (200, [])
    assert "sessionid" not in client.cookies
