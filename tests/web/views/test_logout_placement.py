"""Wherever the view is mounted: under a prefix, as a function, in a namespace, without middleware."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import include, path

from django_logout.views import LogoutView, logout_then_login
from tests.clients import LOGOUT, Page, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("how", ["server", "setting"])
def test_under_a_script_prefix(ann: Client, settings: Any, how: str) -> None:
    """The form posts, and the redirects lead, to where the site really is."""
    settings.LOGOUT_REDIRECT_URL = "home"
    prefix: dict[str, Any] = {"SCRIPT_NAME": "/site"}
    if how == "setting":
        settings.FORCE_SCRIPT_NAME, prefix = "/site", {}

    form = Page(ann.get(LOGOUT, **prefix)).all("form")[0]
    assert form["action"] == f"/site{LOGOUT}"

    with override_script_prefix("/site/"):  # which the test client leaves to the server
        assert ann.post(LOGOUT, **prefix)["Location"] == "/site/"
    assert logged_in_as(ann) == ""


def test_a_next_is_followed_under_a_prefix_as_it_was_given(ann: Client) -> None:
    """It is a URL, not a route."""
    assert ann.post(LOGOUT, {"next": "/site/private/"}, SCRIPT_NAME="/site").url == "/site/private/"


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "/login/"), ({"login_url": "/enter/"}, "/enter/"), ({"login_url": "home"}, "/")],
)
def test_logout_then_login(
    ann: Client, settings: Any, given: dict[str, str], expected: str
) -> None:
    """As Django's: to the login page, or to another."""
    settings.ROOT_URLCONF = routes(lambda request: logout_then_login(request, **given))
    response = ann.post(OUT)

    assert (response.status_code, response["Location"]) == (302, expected)
    assert logged_in_as(ann) == ""


def test_logout_then_login_asks_on_get(ann: Client, settings: Any) -> None:
    """A link to it is a question, no logout."""
    settings.ROOT_URLCONF = routes(logout_then_login)

    assert ann.get(OUT).status_code == 200
    assert logged_in_as(ann) == "ann"


def test_in_a_namespace(ann: Client, settings: Any) -> None:
    """The URLs may be included under any name."""
    settings.ROOT_URLCONF = routes(
        LogoutView.as_view(), path("me/", include(("django_logout.urls", "me"), namespace="me"))
    )

    assert Page(ann.get("/me/logout/")).all("form")[0]["action"] == "/me/logout/"
    assert ann.post("/me/logout/").status_code == 200


def test_it_is_in_no_transaction(ann: Client, settings: Any, monkeypatch: Any) -> None:
    """One that is rolled back afterwards would take the logout back."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    inside: list[bool] = []

    class View(LogoutView):
        def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            inside.append(connection.in_atomic_block)
            return super().post(request, *args, **kwargs)

    settings.ROOT_URLCONF = routes(View.as_view())

    assert ann.post(OUT).status_code == 200
    assert inside == [False]


def test_messages_of_the_project_survive(ann: Client, settings: Any) -> None:
    """What the goodbye page is to say may have been queued before."""

    class View(LogoutView):
        def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            from django.contrib import messages

            messages.info(request, "See you soon.")
            return super().post(request, *args, **kwargs)

    settings.ROOT_URLCONF = routes(View.as_view(next_page="/login/"))

    assert b"See you soon." in ann.post(OUT, follow=True).content
