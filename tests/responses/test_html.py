"""Pages that say how things are; and all of ours under a strict content security policy."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils.html import escape

import django_logout
from django_logout import Target, end_sessions
from django_logout.responses.base import Kind, Notice, respond
from tests.pages import LOGOUT, Page

TEMPLATES = Path(django_logout.__file__).parent / "templates"


def respond_to(moment: Notice, url: str = "/private/?a=1") -> Any:
    """The page, as for a browser."""
    return respond(RequestFactory().get(url), moment)


def test_not_ended_is_the_truth_and_a_way_on() -> None:
    """503, what that means, and a link to try again."""
    response = respond_to(Notice(kind=Kind.NOT_ENDED), LOGOUT)

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    page = Page(response)
    assert "You may still be logged in" in page.text
    assert page.all("a")[0]["href"] == LOGOUT


def test_ended_without_anywhere_to_go_says_why() -> None:
    """401, the reason, and the way to the login page."""
    response = respond_to(Notice(kind=Kind.ENDED, reason="password_changed"))

    assert response.status_code == 401
    page = Page(response)
    assert "The password of your account was changed." in page.text
    assert page.all("a")[0]["href"] == "/login/?next=/private/%3Fa%3D1"


def test_logged_out_without_a_page_of_the_views_own() -> None:
    """Somebody else's view may answer too; it gives no page."""
    response = respond_to(Notice(kind=Kind.LOGGED_OUT))

    assert response.status_code == 200
    assert "You are logged out." in Page(response).text


@pytest.mark.django_db
def test_what_the_user_is_called_is_escaped(client: Client, django_user_model: Any) -> None:
    """On the question page."""
    name = "<script>alert(1)</script>"
    client.force_login(django_user_model.objects.create_user(name))

    response = client.get(LOGOUT, {"next": '/"><script>'})

    assert escape(name).encode() in response.content
    assert not Page(response).inline_scripts()


@pytest.mark.django_db
def test_all_pages_bear_the_strictest_content_security_policy(ann: Client, user: Any) -> None:
    """No inline script, style, handler or javascript: URL, whatever the page says."""
    pages = [ann.get(LOGOUT), ann.put(LOGOUT), ann.post(LOGOUT)]
    pages += [respond_to(Notice(kind=kind)) for kind in (Kind.NOT_ENDED, Kind.ENDED)]

    for response in pages:
        for tag, attributes in Page(response).elements:
            assert tag not in {"style", "iframe", "object", "base"}
            assert tag != "script" or attributes.get("src")
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            assert "javascript:" not in str(attributes.values())


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_of_ours_has_anything_inline(template: Path) -> None:
    """Those that no view shows yet included."""
    assert not re.search(r"<style|<script(?! src)|\sstyle=|\son\w+=", template.read_text())


@pytest.mark.django_db
def test_pages_say_what_they_are(ann: Client, user: Any) -> None:
    """A language, a title, one heading."""
    end_sessions(Target.user(user))

    page = Page(ann.post(LOGOUT))

    assert page.all("html")[0]["lang"] == "en-us"
    assert len(page.all("h1")) == len(page.all("title")) == len(page.all("main")) == 1
