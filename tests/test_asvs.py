"""OWASP ASVS 5.0, session management: one test for each requirement, from end to end."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Reason, Target, credentials_changed, end_sessions
from django_logout.conf import LogoutSettings
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import (
    EVERYWHERE,
    LOGOUT,
    OTHERS,
    age,
    browser,
    copy_of,
    end_url,
    id_of,
    listed,
    logged_in_as,
)
from tests.example_site import Visitor, environment, fill, serving
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)
DOCS = Path(__file__).resolve().parents[1] / "docs"


def in_turn(user: Any, clock: Any, number: int) -> list[Client]:
    """Return clients that log in one after the other."""
    found = []
    for _ in range(number):
        clock.shift(1)
        found.append(browser(user))
    return found


def who(*clients: Client) -> list[str]:
    """Whom the site takes each for."""
    return [logged_in_as(each) for each in clients]


@pytest.mark.parametrize(("at_limit", "stay"), [("end_oldest", [1, 2]), ("refuse", [0, 1])])
def test_7_1_2_the_documentation_states_the_number_of_sessions_and_what_happens_at_the_limit(
    engine: str, user: Any, settings: Any, clock: Any, at_limit: str, stay: list[int]
) -> None:
    """The settings' page says what each does; and it does."""
    text = (DOCS / "settings.md").read_text()
    section = text[text.index("## `ON_MAX_SESSIONS") :].partition("\n## ")[0]
    assert f'"{at_limit}"' in section
    assert f'**Default:** `"{LogoutSettings().ON_MAX_SESSIONS}"`' in section
    assert "## `MAX_SESSIONS" in text

    settings.LOGOUT = {"MAX_SESSIONS": 2, "ON_MAX_SESSIONS": at_limit}
    first, second = in_turn(user, clock, 2)
    clock.shift(1)
    third = Client()
    third.post("/login/", {"username": "ann", "password": "pw"})

    assert who(first, second, third) == ["ann" if n in stay else "" for n in range(3)]


def test_7_2_4_authentication_makes_a_new_token_and_ends_the_old_session(
    engine: str, user: Any, other: Any
) -> None:
    """An anonymous session's token is anonymous afterwards; that of a user who was logged in is
    refused."""
    guest = Client()
    guest.get("/write/")
    before = copy_of(guest)
    guest.post("/login/", {"username": "ann", "password": "pw"})
    assert guest.cookies["sessionid"].value != before.cookies["sessionid"].value
    assert who(guest, before) == ["ann", ""]

    anns = copy_of(guest)
    guest.post("/login/", {"username": "bob", "password": "pw"})
    assert who(guest, anns) == ["bob", ""]


def test_7_3_1_a_session_ends_when_it_is_not_used(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Use keeps it; idleness ends it on the server, whatever the cookie says."""
    settings.LOGOUT = {"IDLE_TIMEOUT": timedelta(minutes=30)}
    here = browser(user)
    for _ in range(3):
        clock.shift(timedelta(minutes=29))
        assert logged_in_as(here) == "ann"
    thief = copy_of(here)
    clock.shift(timedelta(minutes=30))
    assert who(here, thief) == ["", ""]
    assert LogoutEvent.objects.get().reason == "idle"


def test_7_3_2_a_session_ends_at_its_greatest_age(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """However much it is used."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": timedelta(hours=12)}
    here = browser(user)
    for _ in range(11):
        clock.shift(timedelta(hours=1))
        assert logged_in_as(here) == "ann"
    thief = copy_of(here)
    clock.shift(timedelta(hours=1))
    assert who(here, thief) == ["", ""]
    assert LogoutEvent.objects.get().reason == "absolute_timeout"


def test_7_4_1_after_termination_the_session_cannot_be_used(engine: str, user: Any) -> None:
    """Not with any cookie that it has ever had, those that hold the session itself included."""
    here = browser(user)
    thieves = [copy_of(here)]
    here.get("/write/")
    thieves.append(copy_of(here))
    here.post(LOGOUT)
    for thief in thieves:
        assert thief.get("/private/").status_code == 302
        assert thief.get("/write/").content == b"user= count=1"


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_7_4_2_all_sessions_end_with_the_account(
    engine: str, user: Any, other: Any, how: str
) -> None:
    """At once, and no other user's."""
    anns, bobs = [browser(user), browser(user)], browser(other)
    if how == "deleted":
        user.delete()
    else:
        user.is_active = False
        user.save()
    assert LogoutEvent.objects.get().reason == how
    assert who(*anns, bobs) == ["", "", "bob"]
    if how == "disabled":  # and enabling it again brings nothing back
        user.is_active = True
        user.save()
        assert who(*map(copy_of, anns)) == ["", ""]


@pytest.mark.parametrize("factor", ["password", "other"])
def test_7_4_3_other_sessions_end_when_a_factor_changes(
    engine: str, user: Any, settings: Any, factor: str
) -> None:
    """The one in which it was changed stays."""

    def change(request: HttpRequest) -> HttpResponse:
        if factor == "other":
            credentials_changed(request.user, request=request)
        else:
            request.user.set_password("new")
            request.user.save()
            update_session_auth_hash(request, request.user)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(change)
    here, there = browser(user), browser(user)
    here.post(OUT)
    assert who(here, there) == ["ann", ""]


@pytest.mark.slow
def test_7_4_4_pages_that_need_a_login_have_a_visible_button_to_log_out(tmp_path: Path) -> None:
    """On the car site, on each such page: a form with a button that says so, and works."""
    env = environment(tmp_path)
    fill(env)
    with serving(env) as origin:
        visitor = Visitor(origin)
        visitor.log_in()
        for url in ("/cars/add/", "/accounts/sessions/"):
            page = visitor.get(url)[2]
            forms = re.findall(r'<form method="post".*?</form>', page, re.DOTALL)
            assert any(re.search(r"<button(?![^>]*hidden)[^>]*>Log out<", form) for form in forms)
        visitor.post("/accounts/logout/", "/cars/add/")
        assert not visitor.is_logged_in


def test_7_4_5_administrators_end_the_sessions_of_one_user_or_of_all(
    engine: str, user: Any, other: Any, clock: Any
) -> None:
    """In the admin, and by one call."""
    anns, bobs = browser(user), browser(other)
    root = get_user_model().objects.create_superuser("root", password="pw")
    admin = browser(root)
    ids = [str(pk) for pk in LoginSession.objects.filter(user=user).values_list("pk", flat=True)]
    action = {"action": "end_chosen", "_selected_action": ids, "index": 0, "confirmed": "yes"}
    admin.post("/admin/django_logout/loginsession/", action)
    assert who(anns, bobs, admin) == ["", "bob", "root"]
    assert LogoutEvent.objects.get().reason == "admin"

    clock.shift(1)
    end_sessions(Target.everyone(), reason=Reason.ADMIN, actor=root)
    assert who(bobs, admin) == ["", ""]


@pytest.mark.parametrize("which", ["one", "others", "all"])
def test_7_5_2_users_list_and_having_authenticated_again_end_their_sessions(
    engine: str, user: Any, which: str
) -> None:
    """A login that is not fresh ends none; logging in again, in the same session, does."""
    here, there = browser(user), browser(user)
    assert len(listed(here)) == 2
    url = {"one": end_url(id_of(there)), "others": OTHERS, "all": EVERYWHERE}[which]
    age(3600)
    here.post(url)
    assert who(here, there) == ["ann", "ann"]

    here.post("/login/", {"username": "ann", "password": "pw"})
    here.post(url)
    assert who(here, there) == ["" if which == "all" else "ann", ""]
