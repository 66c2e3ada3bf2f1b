"""The pages of the HTML responder, and all pages under a strict Content Security Policy."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils.html import escape

import django_logout
from django_logout import Target, end_sessions
from django_logout.responses.base import Kind, respond
from django_logout.responses.messages import TOO_MANY_COOKIES
from django_logout.types import LogoutResult, Outcome
from tests.clients import LOGOUT, Page

TEMPLATES = Path(django_logout.__file__).parent / "templates"


def respond_to(kind: Kind, url: str = "/private/?a=1", **details: Any) -> Any:
    """Respond as to a browser."""
    return respond(RequestFactory().get(url), kind, **details)


def test_not_ended_is_a_503_with_a_link_to_try_again() -> None:
    """The page explains the status, and never claims that the user is logged out."""
    response = respond_to(Kind.NOT_ENDED, LOGOUT)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    page = Page(response)
    assert "You may still be logged in" in page.text
    assert page.all("a")[0]["href"] == LOGOUT


def test_ended_without_a_redirect_is_a_401_with_the_reason() -> None:
    """The page shows the reason and links to the login page."""
    response = respond_to(Kind.ENDED, reason="password_changed")

    assert response.status_code == 401
    page = Page(response)
    assert "Your account password was changed." in page.text
    assert page.all("a")[0]["href"] == "/login/?next=/private/%3Fa%3D1"


def test_logged_out_without_a_page_of_the_view() -> None:
    """A view of the project may respond without a page of its own."""
    response = respond_to(Kind.LOGGED_OUT)

    assert response.status_code == 200
    assert "You have been logged out." in Page(response).text


def test_more_cookies_than_can_be_ended_are_named() -> None:
    """A user with a hundred cookies is told that some may still be active."""
    left = LogoutResult(outcomes=(Outcome("session", left=1),))

    response = respond_to(Kind.LOGGED_OUT, result=left)

    text = Page(response).text
    assert str(TOO_MANY_COOKIES) in text
    assert "You may still be logged in" in text
    assert "No one who uses this browser after you" not in text
    assert str(TOO_MANY_COOKIES) not in Page(respond_to(Kind.LOGGED_OUT)).text


@pytest.mark.django_db
def test_the_name_of_the_user_is_escaped(client: Client, django_user_model: Any) -> None:
    """The confirmation page shows the name."""
    name = "<script>alert(1)</script>"
    client.force_login(django_user_model.objects.create_user(name))

    response = client.get(LOGOUT, {"next": '/"><script>'})

    assert escape(name).encode() in response.content
    assert not Page(response).inline_scripts()


@pytest.mark.django_db
def test_all_pages_obey_the_strictest_content_security_policy(ann: Client, user: Any) -> None:
    """No page has an inline script, style or handler, or a javascript: URL."""
    pages = [ann.get(LOGOUT), ann.put(LOGOUT), ann.post(LOGOUT)]
    pages += [respond_to(kind) for kind in (Kind.NOT_ENDED, Kind.ENDED)]

    for response in pages:
        for tag, attributes in Page(response).elements:
            assert tag not in {"style", "iframe", "object", "base"}
            assert tag != "script" or attributes.get("src")
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            assert "javascript:" not in str(attributes.values())


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_anything_inline(template: Path) -> None:
    """This includes templates that no view shows yet."""
    assert not re.search(r"<style|<script(?! src)|\sstyle=|\son\w+=", template.read_text())


@pytest.mark.django_db
def test_pages_have_a_language_a_title_and_one_heading(ann: Client, user: Any) -> None:
    """Screen readers need all three."""
    end_sessions(Target.user(user))

    page = Page(ann.post(LOGOUT))

    assert page.all("html")[0]["lang"] == "en-us"
    assert len(page.all("h1")) == len(page.all("title")) == len(page.all("main")) == 1


@pytest.mark.django_db
def test_status_is_a_plain_number(client: Client) -> None:
    """Django's own tests, and logs, compare and print it."""
    assert type(client.post(LOGOUT).status_code) is int
