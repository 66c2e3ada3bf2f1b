"""The registry and the record in the admin: to be read, never written, and without keys."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import Page

pytestmark = pytest.mark.django_db

SESSIONS = "/admin/django_logout/loginsession/"
EVENTS = "/admin/django_logout/logoutevent/"


@pytest.fixture
def keys(user: Any, admin_client: Client) -> list[str]:
    """Session keys there are: of one that has ended, and of the admin's own."""
    client = Client()
    client.force_login(user)
    end_sessions(Target.user(user), reason="admin")
    return [admin_client.cookies["sessionid"].value, client.cookies["sessionid"].value]


@pytest.mark.parametrize("model", [LoginSession, LogoutEvent])
def test_lists_and_pages_show_facts_and_no_key(
    keys: list[str], admin_client: Client, model: Any
) -> None:
    """When, who, why; never what could log anyone in."""
    url = SESSIONS if model is LoginSession else EVENTS
    found = admin_client.get(url)
    assert "ann" in Page(found).text
    assert "admin" in Page(found).text

    for page in (
        found,
        *(admin_client.get(f"{url}{row.pk}/change/") for row in model.objects.all()),
    ):
        assert page.status_code == 200
        assert not [key for key in keys if key.encode() in page.content]
        assert not [a for a in Page(page).all("input") if a.get("type") == "submit"][2:]


@pytest.mark.parametrize("field", ["session_key", "rotated_from"])
@pytest.mark.parametrize("lookup", ["", "__startswith", "__isnull"])
def test_what_lists_find_tells_no_key(
    keys: list[str], admin_client: Client, field: str, lookup: str
) -> None:
    """Else a user who may search could guess the key letter by letter."""
    for url, relation in (
        (SESSIONS, ""),
        (SESSIONS, "event__login_sessions__"),
        (SESSIONS, "user__login_sessions__"),
        (EVENTS, "login_sessions__"),
    ):
        assert admin_client.get(f"{url}?{relation}{field}{lookup}=a").status_code == 400


@pytest.mark.parametrize("url", [SESSIONS, EVENTS])
def test_nothing_can_be_added_changed_or_deleted(
    keys: list[str], admin_client: Client, url: str
) -> None:
    """Not even by a superuser."""
    model = LoginSession if url == SESSIONS else LogoutEvent
    row = model.objects.first()
    assert row is not None
    before = model.objects.count()

    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.post(f"{url}{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert admin_client.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    admin_client.post(url, action)
    assert model.objects.count() == before


def test_a_user_with_sessions_can_still_be_deleted(
    keys: list[str], user: Any, client: Client, django_user_model: Any, permissions: None
) -> None:
    """By an administrator who may delete users: the sessions are deleted too, and the events stay."""
    clerk = django_user_model.objects.create_user("clerk", password="pw", is_staff=True)
    users = user._meta
    may = [f"{verb}_{users.model_name}" for verb in ("delete", "view")]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(clerk)

    client.post(
        reverse(f"admin:{users.app_label}_{users.model_name}_delete", args=[user.pk]),
        {"post": "yes"},
    )

    assert not django_user_model.objects.filter(username="ann").exists()
    labels = LogoutEvent.objects.values_list("reason", "user_label")
    assert sorted(labels) == [("admin", "ann"), ("deleted", "ann")]


def test_staff_without_permission_see_nothing(client: Client, user: Any) -> None:
    """The usual view permission is needed."""
    user.is_staff = True
    user.save()
    client.force_login(user)

    assert client.get(EVENTS).status_code == 403
    assert client.get(SESSIONS).status_code == 403


PROJECT = """
import sys, types
from django.conf import settings
apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.messages", "shop"]
apps.insert({place}, "django_logout")
settings.configure(INSTALLED_APPS=["shop.admin.Config", *apps], SECRET_KEY="x")
import django
django.setup()
from django.contrib import admin
from django_logout.models import LoginSession
assert type(admin.site._wrapped or admin.site).__name__ and admin.site.is_registered(LoginSession)
from shop.admin import ShopSite
assert isinstance(admin.site._wrapped, ShopSite)
"""


@pytest.mark.parametrize("place", [0, 4])
def test_the_default_site_may_use_the_mixin(tmp_path: Path, place: int) -> None:
    """A project's own default site imports the module that registers on it: no circle, whatever
    the order of the apps."""
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").touch()
    (shop / "admin.py").write_text(
        "from django.contrib.admin import AdminSite\n"
        "from django.contrib.admin.apps import AdminConfig\n"
        "class Config(AdminConfig):\n"
        "    default_site = 'shop.sites.ShopSite'\n"
    )
    (shop / "sites.py").write_text(
        "from django.contrib.admin import AdminSite\n"
        "from django_logout.admin import LogoutAdminSiteMixin\n"
        "class ShopSite(LogoutAdminSiteMixin, AdminSite):\n"
        "    pass\n"
    )
    program = PROJECT.format(place=place).replace("shop.admin import", "shop.sites import")

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert not done.stderr
    assert done.returncode == 0


def test_registering_twice_is_harmless() -> None:
    """As happens when a test changes the installed apps."""
    from django_logout.admin import register_models

    register_models()

    assert admin.site.is_registered(LoginSession)
