"""The registry and the record in the admin: to be read, never written, and without keys."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_logout import Target, end_sessions
from django_logout.labels import KINDS
from django_logout.models import LoginSession, LogoutEvent
from django_logout.revokers import instances
from tests.clients import FIREFOX, Page

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
    url = f"{SESSIONS}?status=all" if model is LoginSession else EVENTS
    found = admin_client.get(url)
    url = url.partition("?")[0]
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


def outcome(kind: str, **facts: Any) -> dict[str, Any]:
    """Return outcomes of one kind."""
    return {kind: {"ended": 0, "error": "", **facts}}


def test_event_page_says_it_in_words(user: Any, admin_client: Client) -> None:
    """Labels in place of codes, a table in place of JSON, and no UUID in the heading."""
    client = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.7")
    client.force_login(user)
    client.get("/")
    client.post("/accounts/logout/")
    event = LogoutEvent.objects.get()
    event.outcomes |= outcome("knox_token", error="OperationalError", tries=2)
    event.outcomes |= outcome("pickup", ended=3, exempt=4, left=5)
    event.save()

    page = admin_client.get(f"{EVENTS}{event.pk}/change/")
    text = " ".join(Page(page).text.split())

    assert "ann: Logged out" in text
    assert "The current session" in text
    assert "Firefox on Windows" in text
    assert "203.0.113.x" in text
    assert '<bdi dir="ltr">203.0.113.x</bdi>' in page.content.decode()
    assert "Kind Ended Kept Not ended Error" in text
    assert "Browser session 1 0 0 None" in text
    assert "API token (Knox) 0 0 0 OperationalError (retries: 2)" in text
    assert "pickup 3 4 5 None" in text
    assert str(event.pk) not in text
    assert "{" not in text


def test_kind_of_the_project_has_its_own_title(admin_client: Client, settings: Any) -> None:
    """That of its revoker."""
    settings.LOGOUT = {"REVOKERS": ["tests.revokers.pickup_codes.PickupCodeRevoker"]}
    (revoker,) = [each for each in instances() if each.name not in KINDS]
    event = LogoutEvent.objects.create(
        reason="user", scope="user", sessions=0, complete=True, outcomes=outcome(revoker.name)
    )

    page = Page(admin_client.get(f"{EVENTS}{event.pk}/change/"))

    assert str(revoker.title) in page.text


def test_event_leads_to_its_sessions(user: Any, admin_client: Client) -> None:
    """Those that it has ended, and no others."""
    for _ in range(2):
        Client().force_login(user)
    end_sessions(Target.user(user), reason="admin")
    event = LogoutEvent.objects.get()
    Client().force_login(user)
    page = Page(admin_client.get(f"{EVENTS}{event.pk}/change/"))
    (url,) = [link["href"] for link in page.all("a") if "status=all" in (link["href"] or "")]

    found = admin_client.get(url)

    assert found.context["cl"].result_count == 2


def test_session_page_says_it_in_words(user: Any, admin_client: Client) -> None:
    """The heading names user, device and time; the reason why it ended is there."""
    client = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.7")
    client.force_login(user)
    client.get("/")
    end_sessions(Target.user(user), reason="password_changed")
    row = LoginSession.objects.get(user=user)

    page = Page(admin_client.get(f"{SESSIONS}{row.pk}/change/"))

    text = " ".join(page.text.split())
    assert f"ann: {row}" in text
    assert "Browser session" in text
    assert "Password changed" in text


def test_heading_of_a_session_reads_from_right_to_left(
    user: Any, admin_client: Client, settings: Any
) -> None:
    """The user, the device and the time are isolated, each by itself and no two together: an isolate
    with nothing but isolates in it reads from left to right."""
    row = LoginSession.objects.create(
        user=user, device="Safari on iPhone", expires_at=timezone.now()
    )
    settings.LANGUAGE_CODE = "ar"
    page = admin_client.get(f"{SESSIONS}{row.pk}/change/")
    isolated = "\u2068[^\u2068\u2069]+\u2069"
    assert re.fullmatch(f"{isolated}: {isolated}, {isolated}", page.context["subtitle"])


def test_session_without_a_user_has_a_page(admin_client: Client) -> None:
    """An authentication backend may have a user model of its own."""
    row = LoginSession.objects.create(account="shop.customer:1", expires_at=timezone.now())

    assert str(row) in Page(admin_client.get(f"{SESSIONS}{row.pk}/change/")).text


def listed(client: Client, query: str = "") -> list[str]:
    """Return the devices of the sessions that the list shows."""
    found = client.get(f"{SESSIONS}{query}").context["cl"].result_list
    return sorted(row.device for row in found if row.device)


@pytest.fixture
def rows(user: Any) -> None:
    """Sessions of each kind, named by their devices."""
    past, future = (timezone.now() + timedelta(days=days) for days in (-1, 1))
    for device, ended_at, expires_at in (
        ("active", None, future),
        ("ended", past, future),
        ("expired", None, past),
    ):
        about = {"device": device, "ended_at": ended_at, "expires_at": expires_at}
        LoginSession.objects.create(user=user, **about)


@pytest.mark.usefixtures("rows")
def test_list_shows_active_sessions_first(admin_client: Client) -> None:
    """Unless the filter says otherwise; what is not known means the default or all."""
    assert listed(admin_client) == listed(admin_client, "?status=active") == ["active"]
    assert listed(admin_client, "?status=ended") == ["ended", "expired"]
    assert listed(admin_client, "?status=all") == ["active", "ended", "expired"]


@pytest.mark.usefixtures("rows")
def test_filter_has_three_choices_in_words(admin_client: Client) -> None:
    """The one that is in force is marked, and numbers are there on request."""

    def choices(query: str) -> list[tuple[str, bool]]:
        cl = admin_client.get(f"{SESSIONS}{query}").context["cl"]
        return [(str(c["display"]), c["selected"]) for c in cl.filter_specs[0].choices(cl)]

    assert choices("") == [("Active", True), ("Ended", False), ("All", False)]
    assert choices("?status=ended") == [("Active", False), ("Ended", True), ("All", False)]
    # The admin's own session counts.
    assert choices("?_facets=True") == [
        ("Active (2)", True),
        ("Ended (2)", False),
        ("All (4)", False),
    ]


@pytest.mark.usefixtures("rows")
def test_list_says_why_sessions_have_ended(user: Any, admin_client: Client) -> None:
    """By their event, by a cutoff for all users, or because they have expired."""
    Client().force_login(user)
    end_sessions(Target.user(user), reason="admin")

    def reasons() -> dict[str, str]:
        found = admin_client.get(f"{SESSIONS}?status=all").context["cl"]
        return {row.device: found.model_admin.why(row) for row in found.result_list}

    assert {"Ended by an administrator", "Expired"} & {*reasons().values()}
    LoginSession.objects.all().update(ended_at=None, event=None)
    assert reasons()["active"] == "-"
    assert reasons()["expired"] == "Expired"
    end_sessions(Target.everyone(), reason="command")
    user.is_staff = user.is_superuser = True
    user.save()
    admin_client.force_login(user)
    assert reasons()["active"] == "Ended by a command"


def test_events_are_filtered_by_labels(user: Any, admin_client: Client) -> None:
    """Of the reasons that there are, and of all scopes."""
    for reason in ("idle", "moved"):
        Client().force_login(user)
        end_sessions(Target.user(user), reason=reason)

    def count(query: str) -> int:
        found: int = admin_client.get(f"{EVENTS}?{query}").context["cl"].result_count
        return found

    text = Page(admin_client.get(EVENTS)).text
    assert "Inactive" in text
    assert "Reported by the user" not in text
    assert "One token" in text
    assert [count("reason=moved"), count("reason=idle"), count("scope=user")] == [1, 1, 2]
    assert count("scope=everyone") == 0


def test_list_of_events_has_a_chart(user: Any, admin_client: Client) -> None:
    """With a text for those who do not see it, and the same numbers in a table; of what is listed."""
    for reason in ("idle", "admin"):
        Client().force_login(user)
        end_sessions(Target.user(user), reason=reason)

    page = Page(admin_client.get(EVENTS))

    (drawing,) = [drawing for drawing in page.all("svg") if drawing.get("role") == "img"]
    ids = {element.get("id") for _, element in page.elements}
    assert {drawing["aria-labelledby"], drawing["aria-describedby"]} <= ids
    assert len([rect for rect in page.all("rect") if rect.get("x")]) == 2
    assert "2 in total, at most 2 on one day" in page.text
    assert not [a for _, a in page.elements if "style" in a and "logout" in str(a.get("class"))]
    filtered = Page(admin_client.get(f"{EVENTS}?reason=idle")).text
    assert "1 in total" in filtered
    assert "Endings in the last" not in Page(admin_client.get(f"{EVENTS}?reason=limit")).text


def test_drawing_is_the_same_in_languages_with_a_decimal_comma(
    user: Any, admin_client: Client, settings: Any
) -> None:
    """Browsers read the numbers of a drawing."""
    settings.USE_THOUSAND_SEPARATOR = True
    Client().force_login(user)
    end_sessions(Target.user(user), reason="idle")

    (rect, *_) = Page(admin_client.get(EVENTS, headers={"Accept-Language": "de"})).all("rect")

    assert all((rect[name] or "").isdecimal() for name in ("x", "y", "width", "height"))


def test_list_of_events_with_an_unknown_filter_is_no_error(admin_client: Client) -> None:
    """Django redirects to the list, whose response has no context for a chart."""
    response = admin_client.get(EVENTS, {"nonsense__x": "1"})
    assert (response.status_code, response["Location"]) == (302, f"{EVENTS}?e=1")
