"""The view, sentence by sentence: POST logs out, GET asks, repetition is calm."""

from typing import Any

import pytest
from django.contrib.auth import views as auth_views
from django.test import Client
from django.utils import translation

from django_logout.models import LogoutEvent
from django_logout.views import LogoutView
from tests.clients import EVERYWHERE, LOGOUT, Page, browser, logged_in_as

pytestmark = pytest.mark.django_db


def test_it_is_djangos_view(user: Any) -> None:
    """Code that checks for Django's class, or extends it, works."""
    assert issubclass(LogoutView, auth_views.LogoutView)
    assert LogoutView.as_view().view_class is LogoutView


def test_post_logs_out(ann: Client) -> None:
    """And says so, on a page of its own where no redirect is configured."""
    response = ann.post(LOGOUT)

    assert response.status_code == 200
    assert "You have been logged out." in Page(response).text
    assert logged_in_as(ann) == ""


def test_get_asks_and_the_form_logs_out(ann: Client) -> None:
    """The page names the user, and carries next on."""
    page = Page(ann.get(LOGOUT + "?next=/private/"))
    assert "You are logged in as ann." in page.text
    assert logged_in_as(ann) == "ann"

    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("post", LOGOUT)
    response = ann.post(LOGOUT, {"next": page.field("next")})

    assert response["Location"] == "/private/"
    assert logged_in_as(ann) == ""


def test_get_with_a_hostile_next_does_not_carry_it_on(ann: Client) -> None:
    """It is not even in the page."""
    response = ann.get(LOGOUT + "?next=//evil.example/")

    assert Page(response).field("next") is None
    assert b"evil.example" not in response.content


@pytest.mark.parametrize(
    ("referer", "url"),
    [
        ("http://testserver/private/?a=1", "/private/?a=1"),
        ("the question itself", "/"),
        ("http://testserver/login/?next=/private/", "/"),
        ("https://evil.example/private/", "/"),
        ("http://testserver//evil.example/", "/"),
        ("", "/"),
    ],
)
@pytest.mark.parametrize("asks", [LOGOUT, EVERYWHERE])
def test_the_question_can_be_cancelled(ann: Client, asks: str, referer: str, url: str) -> None:
    """By a link back to where the user comes from, or to where a login leads; without a script."""
    referer = referer.replace("the question itself", f"http://testserver{asks}")

    page = Page(ann.get(asks, headers={"Referer": referer}))

    assert [link["href"] for link in page.all("a")] == [url]
    assert logged_in_as(ann) == "ann"


def test_the_question_can_be_cancelled_after_an_attack(user: Any) -> None:
    """The link does not lead to the other site that has sent the form."""
    here = browser(user, enforce_csrf_checks=True)

    page = Page(here.post(LOGOUT, headers={"Referer": "http://evil.example/"}))

    assert [link["href"] for link in page.all("a")] == ["/"]


def test_head_is_get_without_a_body(ann: Client) -> None:
    """F21's other half."""
    response = ann.head(LOGOUT)

    assert (response.status_code, response.content) == (200, b"")
    assert logged_in_as(ann) == "ann"


@pytest.mark.parametrize("method", ["get", "post"])
def test_anonymous_logout_succeeds(client: Client, method: str) -> None:
    """Anonymous logout is calm success, and no event."""
    response = getattr(client, method)(LOGOUT)

    assert response.status_code == 200
    assert "You have been logged out." in Page(response).text
    assert not LogoutEvent.objects.exists()


def test_logging_out_again_is_calm_success_and_one_event(ann: Client) -> None:
    """The impatient double click."""
    for _ in range(2):
        assert ann.post(LOGOUT, {"next": "/"}).status_code == 302

    assert LogoutEvent.objects.count() == 1


def test_nothing_it_says_is_cached(ann: Client) -> None:
    """Neither the question nor the answer."""
    for response in (ann.get(LOGOUT), ann.post(LOGOUT), ann.post(LOGOUT, {"next": "/"})):
        assert "no-store" in response["Cache-Control"]


def test_the_language_is_kept(ann: Client, settings: Any) -> None:
    """It has a cookie of its own, which logging out leaves alone; and the page speaks it."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    ann.cookies["django_language"] = "pt-br"

    with translation.override("en"):  # the middleware leaves its choice behind in the thread
        response = ann.post(LOGOUT)

    assert "django_language" not in response.cookies
    assert Page(response).all("html")[0]["lang"] == "pt-br"
