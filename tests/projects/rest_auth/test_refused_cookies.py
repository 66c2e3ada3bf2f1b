"""A token in a cookie that is refused keeps no one out: the response deletes the cookie, and the request is anonymous."""

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"username": "ann", "password": "pw"}
NAMES = {"access", "refresh"}


@pytest.fixture
def here(user: Any, settings: Any) -> Client:
    """Return a browser that has logged in for cookies alone."""
    settings.REST_AUTH = {**settings.REST_AUTH, "SESSION_LOGIN": False}
    client = Client()
    assert client.post("/auth/login/", FORM).status_code == 200
    return client


def deleted(response: Any) -> set[str]:
    """Return the names of the cookies that a response deletes."""
    return {name for name, cookie in response.cookies.items() if cookie["max-age"] == 0}


def test_refusal_deletes_both_cookies_and_says_why(here: Client, user: Any) -> None:
    """With their own attributes, or else the browser would keep them."""
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    refused = here.get("/api/who/")
    assert refused.status_code == 401
    assert (refused.json()["reason"], refused["Logout-Reason"]) == ("admin", "admin")
    assert refused.json()["login_url"]
    assert deleted(refused) == NAMES
    assert refused.cookies["refresh"]["path"] == "/auth/"
    assert all(refused.cookies[name]["domain"] == "testserver" for name in NAMES)


def test_user_logs_in_again_at_once(here: Client, user: Any) -> None:
    """The cookies of the new login are not deleted."""
    end_sessions(Target.user(user))
    again = here.post("/auth/login/", FORM)
    assert again.status_code == 200
    assert deleted(again) == set()
    assert here.get("/api/who/").json()["user"] == "ann"


def test_open_pages_stay_open(here: Client, user: Any) -> None:
    """A forgotten password can be reset."""
    end_sessions(Target.user(user))
    reset = here.post("/auth/password/reset/", {"email": "ann@example.com"})
    assert (reset.status_code, deleted(reset)) == (200, NAMES)


def test_expired_access_token_can_be_refreshed(here: Client) -> None:
    """Its cookie alone is deleted, and the client is told what the library tells it."""
    later = timezone.now() + timezone.timedelta(hours=2)
    with time_machine.travel(later):
        refused = here.get("/api/who/")
        assert (refused.status_code, refused.json()["code"]) == (401, "token_not_valid")
        assert "Logout-Reason" not in refused
        assert deleted(refused) == {"access"}
        assert here.post("/auth/token/refresh/").status_code == 200
        assert here.get("/api/who/").status_code == 200


def test_refused_refresh_token_leaves_the_browser(here: Client, user: Any) -> None:
    """The refresh deletes both cookies."""
    end_sessions(Target.user(user))
    refused = here.post("/auth/token/refresh/")
    assert (refused.status_code, deleted(refused)) == (401, NAMES)


def test_token_in_the_body_deletes_no_cookie(here: Client, user: Any) -> None:
    """The cookies may hold another login."""
    program = Program.log_in()
    assert Client().post("/drf/logout/", headers={"Authorization": f"Bearer {program.access}"})
    refused = here.post("/auth/token/refresh/", {"refresh": program.refresh})
    assert (refused.status_code, deleted(refused)) == (401, set())
    assert here.get("/api/who/").status_code == 200


def test_token_in_the_header_is_refused(here: Client, user: Any) -> None:
    """A client that sends it can stop sending it."""
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    token = here.cookies["access"].value
    refused = Client().post("/auth/login/", FORM, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["reason"]) == (401, "admin")
    assert deleted(refused) == set()


@pytest.mark.parametrize("why", ["ended", "broken"])
def test_class_of_the_project(user: Any, why: str) -> None:
    """It reads a cookie of its own, and need not know about refusals."""
    client, program = Client(), Program.log_in()
    client.cookies["jwt"] = program.access
    assert client.get("/own/greet/").json()["user"] == "ann"
    if why == "ended":
        end_sessions(Target.user(user), reason=Reason.ADMIN)
    else:
        client.cookies["jwt"] = "broken"
    refused = client.get("/own/who/")
    assert (refused.status_code, deleted(refused)) == (401, {"jwt"})
    assert refused.json().get("reason") == ("admin" if why == "ended" else None)
    client.cookies["jwt"] = program.access if why == "ended" else "broken"
    greeted = client.get("/own/greet/")
    assert (greeted.json()["user"], deleted(greeted)) == ("", {"jwt"})
