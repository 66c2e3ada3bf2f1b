"""F22: under LoginRequiredMiddleware, logging out when no user was logged in any more went to the
login page and from there to a blank 405."""

from typing import Any

import pytest
from django.test import Client
from django.urls import path

from django_logout.views import AsyncLogoutView, LogoutView, logout_then_login
from tests.clients import LOGOUT, Page, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def login_required(settings: Any) -> None:
    """Everything needs a login, unless it says otherwise."""
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("view", [LogoutView, AsyncLogoutView])
def test_logging_out_needs_no_login(client: Client, settings: Any, method: str, view: Any) -> None:
    """Anonymous, on either view: calm success."""
    settings.ROOT_URLCONF = routes(view.as_view())

    assert getattr(client, method)(OUT).status_code == 200


def test_a_second_click_is_calm(ann: Client) -> None:
    """The case that was met in practice: two tabs, both log out."""
    for _ in range(2):
        assert "You have been logged out." in Page(ann.post(LOGOUT)).text


def test_logout_then_login_works_twice(ann: Client, settings: Any) -> None:
    """Twice as well."""
    settings.ROOT_URLCONF = routes(logout_then_login)

    for _ in range(2):
        assert ann.post(OUT)["Location"] == "/login/"


def test_everything_else_is_as_closed_as_before(client: Client, settings: Any) -> None:
    """The exemption is the view's alone."""
    settings.ROOT_URLCONF = routes(LogoutView.as_view(), path("shut/", lambda request: None))

    assert client.get("/shut/")["Location"].startswith("/login/")
    assert logged_in_as(client) != "ann"
