"""The sessions page and its JSON: what is listed, and how."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import include, path
from django.utils import timezone, translation

from django_logout.models import LoginSession
from django_logout.sessions.devices import device_name
from django_logout.views import SessionsView
from tests.clients import (
    IPHONE,
    JSON,
    SESSIONS,
    Page,
    browser,
    logged_in_as,
)
from tests.urls import urlpatterns

pytestmark = pytest.mark.django_db


def test_json_is_the_documented_one(user: Any) -> None:
    """Letter by letter: no key more, no key less."""
    here = browser(user)

    response = here.get(SESSIONS, headers=JSON)

    assert "no-store" in response["Cache-Control"]
    row = LoginSession.objects.get()
    as_json = {
        name: getattr(row, name).isoformat()[:23] + "Z"
        for name in ("created_at", "last_seen_at", "expires_at")
    }
    assert response.json() == {
        "sessions": [
            {
                "id": str(row.pk),
                "current": True,
                **as_json,
                "ip_address": "203.0.113.x",
                "device": "Firefox on Windows",
                "kind": "session",
            }
        ]
    }


def test_the_page_names_each_session_and_marks_this_one_in_words(user: Any) -> None:
    """Colour and position are not all that tells."""
    browser(user, IPHONE)
    here = browser(user)

    page = Page(here.get(SESSIONS))

    assert page.text.count("This device") == page.text.count("Active now") == 1
    assert page.text.index("This device") < page.text.index("Firefox on Windows")
    labels = [link.get("aria-label") for link in page.all("a")]
    assert labels.count(f"End the session on {device_name(IPHONE)}") == 1


def test_devices_are_named_in_the_language_of_the_reader(user: Any, settings: Any) -> None:
    """On the page, in the list and in the admin; whatever language the login was in."""
    type(user).objects.update(is_staff=True, is_superuser=True)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    german = {"accept-language": "de"}

    with translation.override("en"):  # which comes back after the test
        client = browser(user)
        for where in (SESSIONS, "/admin/django_logout/loginsession/"):
            assert "Firefox on Windows" in Page(client.get(where)).text
            assert "Firefox unter Windows" in Page(client.get(where, headers=german)).text
        (entry,) = client.get(SESSIONS, headers={**JSON, **german}).json()["sessions"]
    assert entry["device"] == "Firefox unter Windows"


def test_the_page_can_be_heard(user: Any) -> None:
    """Headings, a name and a description for each box, exact times; nothing inline, no script."""
    browser(user, IPHONE)
    response = browser(user).get(SESSIONS)
    page = Page(response)

    assert len(page.all("h1")) == 1
    ids = {attributes.get("id") for _, attributes in page.elements}
    (box,) = [each for each in page.all("input") if each.get("type") == "checkbox"]
    assert box["id"] in {label["for"] for label in page.all("label")}
    assert box["aria-describedby"] in ids
    assert {section["aria-labelledby"] for section in page.all("section")} <= ids
    times = page.all("time")
    assert all(datetime.fromisoformat(str(time["datetime"])).tzinfo for time in times)
    assert all(time["title"] for time in times)
    assert not page.inline_scripts()
    assert not [name for _, attributes in page.elements for name in attributes if name == "style"]


def test_each_icon_is_drawn_in_the_page(user: Any) -> None:
    """None is fetched, and none is read aloud."""
    browser(user, IPHONE)
    page = Page(browser(user).get(SESSIONS))

    drawn = {symbol["id"] for symbol in page.all("symbol")}
    used = [str(use["href"]) for use in page.all("use")]
    assert len(used) == 2
    assert {name.removeprefix("#") for name in used} <= drawn
    assert {svg["aria-hidden"] for svg in page.all("svg")} == {"true"}


def test_pages_lead_to_each_other(user: Any) -> None:
    """Links on the page, a Link header beside the JSON, and no session twice."""
    here = browser(user)
    later = timezone.now() + timedelta(1)
    LoginSession.objects.bulk_create(LoginSession(user=user, expires_at=later) for _ in range(24))

    first = here.get(SESSIONS)
    assert [link["href"] for link in Page(first).all("a") if "rel" in link] == ["?page=2"]
    second = here.get(SESSIONS + "?page=2")
    assert [link["href"] for link in Page(second).all("a") if "rel" in link] == ["?page=1"]
    assert "Page 2 of 2" in Page(second).text

    one = here.get(SESSIONS, headers=JSON)
    assert one["Link"] == f'<{SESSIONS}?page=2>; rel="next"'
    two = here.get(SESSIONS + "?page=2", headers=JSON)
    assert "Link" not in two
    ids = {entry["id"] for answer in (one, two) for entry in answer.json()["sessions"]}
    assert len(ids) == 25


def test_what_a_device_calls_itself_is_escaped(user: Any) -> None:
    """It says what it likes."""
    here = browser(user)
    LoginSession.objects.update(device='"><script>alert(1)</script>')
    later = timezone.now() + timedelta(1)
    LoginSession.objects.create(user=user, device='"><script>x', expires_at=later)

    page = Page(here.get(SESSIONS))

    assert not page.inline_scripts()
    assert 'End the session on "><script>x' in [a.get("aria-label") for a in page.all("a")]


def test_what_is_not_known_is_said(user: Any) -> None:
    """No empty cells, and a button with a name."""
    here = browser(user)
    LoginSession.objects.create(user=user, expires_at=timezone.now() + timedelta(1))

    page = Page(here.get(SESSIONS))

    assert "End the session on Unknown device" in [a.get("aria-label") for a in page.all("a")]


def test_login_required_middleware_is_no_obstacle(user: Any, settings: Any) -> None:
    """The views answer for themselves, so JSON stays JSON."""
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]

    assert Client().get(SESSIONS, headers=JSON).status_code == 401


def test_alone_under_a_name_of_the_projects_own(user: Any, settings: Any) -> None:
    """It shows, and pages, and has buttons for what is there."""
    view = SessionsView.as_view(paginate_by=2)
    settings.ROOT_URLCONF = (path("mine/", view, name="mine"), *urlpatterns[:-1])
    clients = [browser(user) for _ in range(3)]

    response = clients[0].get("/mine/", headers=JSON)
    assert response["Link"] == '</mine/?page=2>; rel="next"'
    page = Page(clients[0].get("/mine/"))
    assert not page.all("button")
    assert Client().get("/mine/")["Location"] == "/login/?next=/mine/"


def test_in_a_namespace(user: Any, settings: Any) -> None:
    """The page's own URLs are those of where it is included."""
    ours = path("me/", include(("django_logout.urls", "me")))
    settings.ROOT_URLCONF = (ours, *urlpatterns)
    here, phone = browser(user), browser(user)

    page = Page(here.get("/me/sessions/"))

    actions = {str(form["action"]) for form in page.all("form")}
    assert actions == {"/me/logout/", "/me/sessions/end/"}
    links = {str(link["href"]) for link in page.all("a")} - {"/"}
    assert all(link.startswith("/me/sessions/") for link in links)
    assert here.post("/me/sessions/end-others/")["Location"] == "/me/sessions/"
    assert logged_in_as(phone) == ""
