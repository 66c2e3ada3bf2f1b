"""F23: the admin's logout sent a user who may not enter the admin away, still logged in."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import path

from django_logout.admin import LogoutAdminSiteMixin
from django_logout.models import LogoutEvent
from tests.clients import Page, copy_of, csrf_token, logged_in_as
from tests.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db(transaction=True)

OUT = "/admin/logout/"


class Site(LogoutAdminSiteMixin, admin.AdminSite):
    """A project's admin."""


@pytest.fixture(autouse=True)
def its_admin(settings: Any) -> Site:
    """The mixin in use."""
    site = Site()
    settings.ROOT_URLCONF = (path("admin/", site.urls), *site_urls[1:])
    return site


def test_any_user_is_logged_out(engine: str, ann: Client) -> None:
    """Staff or not, on every engine; with the admin's own goodbye page."""
    ann.get("/write/")
    thief = copy_of(ann)

    response = ann.post(OUT)

    assert response.status_code == 200
    assert "Thanks for spending some quality time" in Page(response).text
    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


def test_staff_are_logged_out_by_the_button(client: Client, admin_user: Any) -> None:
    """With the admin's own button and token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    token = csrf_token(client.get("/admin/"))

    assert client.post(OUT, {"csrfmiddlewaretoken": token}).status_code == 200
    assert logged_in_as(client) == ""


def test_a_link_to_it_asks_in_the_admins_look(ann: Client) -> None:
    """Instead of Django's blank 405; and names the user."""
    page = Page(ann.get(OUT))

    assert {"id": "header"} in page.all("header") + page.all("div")
    assert "You are logged in as ann." in page.text
    assert page.all("form")[-1]["action"] == OUT
    assert logged_in_as(ann) == "ann"


def test_another_site_cannot_do_it(user: Any) -> None:
    """The CSRF rule is the view's own."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.post(OUT, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert logged_in_as(client) == "ann"


def test_everything_else_is_closed_as_before(ann: Client) -> None:
    """Only the door out is open."""
    for url in ("/admin/", "/admin/password_change/"):
        assert ann.get(url)["Location"].startswith("/admin/login/")


def test_its_logout_template(ann: Client, its_admin: Site) -> None:
    """The attribute means what it means in Django."""
    its_admin.logout_template = "login.html"

    assert b"<button>in</button>" in ann.post(OUT).content


def test_under_login_required_middleware(client: Client, settings: Any) -> None:
    """No login is required to log out."""
    middleware = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]

    assert client.post(OUT).status_code == 200


def test_djangos_own_admin_is_as_it_was(ann: Client, settings: Any) -> None:
    """Which is why there is a mixin: it turns such a user away, still logged in."""
    settings.ROOT_URLCONF = "tests.urls"

    assert ann.post(OUT).status_code == 302
    assert logged_in_as(ann) == "ann"
