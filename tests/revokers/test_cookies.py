"""Further cookies of the project are deleted with the session."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.ending import audit
from django_logout.views import logout_then_login
from tests.clients import LOGOUT
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

DETAILED = {"name": "shop", "path": "/shop/", "domain": "testserver", "samesite": "Lax"}


@pytest.fixture(autouse=True)
def cookies(settings: Any) -> None:
    """Set LOGOUT["DELETE_COOKIES"], with names and with attributes."""
    settings.LOGOUT = {"DELETE_COOKIES": ["theme", DETAILED, "absent"]}


def test_sent_cookies_are_deleted_and_counted(ann: Client) -> None:
    """They are deleted by name, or with the path and domain they were set with."""
    ann.cookies["theme"] = "dark"
    ann.cookies["shop"] = "1"

    response = ann.post(LOGOUT, headers={"Accept": "application/json"})

    assert response.json()["ended"] == {"session": 1, "cookie": 2}
    assert response.cookies["theme"]["max-age"] == 0
    gone = response.cookies["shop"]
    assert (gone["max-age"], gone["path"], gone["domain"]) == (0, "/shop/", "testserver")
    assert gone["samesite"] == "Lax"
    assert "absent" not in response.cookies


def test_cookies_of_other_paths_are_deleted(ann: Client, settings: Any) -> None:
    """The browser does not send them to the logout view, so they are not counted."""
    deeper = [{"name": "a", "path": "/shop"}, {"name": "b", "path": "/accounts"}]
    settings.LOGOUT = {"DELETE_COOKIES": deeper}
    answer = ann.post(LOGOUT, headers={"Accept": "application/json"})
    assert answer.json()["ended"] == {"session": 1}
    assert (answer.cookies["a"]["max-age"], answer.cookies["a"]["path"]) == (0, "/shop")
    assert "b" not in answer.cookies


def test_secure_cookie_is_deleted_as_secure(ann: Client, settings: Any) -> None:
    """Otherwise a browser ignores the header."""
    names = ("__Host-shop", "plain")
    settings.LOGOUT = {
        "DELETE_COOKIES": ["__Secure-a", *({"name": n, "secure": True} for n in names)]
    }
    for name in ("__Secure-a", *names):
        ann.cookies[name] = "1"
    gone = ann.post(LOGOUT).cookies
    assert [gone[name]["secure"] for name in ("__Secure-a", *names)] == [True] * 3


def test_partitioned_cookie_is_deleted_as_partitioned(ann: Client, settings: Any) -> None:
    """Otherwise the browser keeps it."""
    settings.LOGOUT = {"DELETE_COOKIES": [{"name": "chat", "partitioned": True}, "theme"]}
    ann.cookies["chat"] = ann.cookies["theme"] = "1"

    gone = ann.post(LOGOUT).cookies

    assert [gone[name].output().count("; Partitioned") for name in ("chat", "theme")] == [1, 0]


def test_cookies_of_other_browsers_are_not_counted(ann: Client, user: Any) -> None:
    """An ending without a request cannot delete them."""
    ann.cookies["theme"] = "dark"

    assert dict(end_sessions(Target.user(user)).ended) == {"session": 1}


def test_ending_others_keeps_cookies_of_this_browser(ann: Client, user: Any) -> None:
    """This browser stays logged in."""
    Client().force_login(user)
    ann.cookies["theme"] = "dark"

    response = ann.post("/accounts/sessions/end-others/")

    assert "theme" not in response.cookies


def test_cookies_are_deleted_if_session_had_already_ended(
    ann: Client, user: Any, settings: Any
) -> None:
    """The response is not the view's then: it says why the session ended."""
    settings.ROOT_URLCONF = routes(logout_then_login)
    ann.cookies["theme"] = "dark"
    end_sessions(Target.user(user))

    response = ann.post(OUT)

    assert response["Location"].startswith("/login/")
    assert response.cookies["theme"]["max-age"] == 0


@pytest.mark.parametrize("save", [False, True], ids=["when modified", "every request"])
def test_cookies_are_kept_if_session_cannot_be_ended(
    ann: Client, settings: Any, monkeypatch: Any, save: bool
) -> None:
    """The ending is rolled back as a whole."""

    def fail(*args: Any) -> None:
        raise DatabaseError

    settings.SESSION_SAVE_EVERY_REQUEST = save
    ann.cookies["theme"] = "dark"
    monkeypatch.setattr(audit, "record_event", fail)

    response = ann.post(LOGOUT)

    assert response.status_code == 503
    assert "theme" not in response.cookies
