"""The tables of ``manage.py logout explain``, as text and as JSON."""

import json
from typing import Any

import pytest
from django.test import Client

from django_logout.models import LoginSession, LogoutEvent
from tests.management.command import explain

pytestmark = pytest.mark.django_db(transaction=True)


#: Whether an engine is guarded, and what becomes of its data, where it is not the same for all.
GUARDED = {"db": False}


STORED = {"signed_cookies": "left"}


TABLES = """\
Step  Action                   Request State       Session State    Response
----  -----------------------  ------------------  ---------------  ----------------------------------
1     User clicks logout       Authenticated user  Active session   Request sent to LogoutView
2     LogoutView called        Authenticated user  Active session   Calling logout()
3     logout() clears session  User logged out     Session cleared  Session cleared
4     Redirect to /login/      User logged out     Session cleared  Redirect response to /login/ (302)
5     End                      User logged out     Session cleared  User sees /login/ (200)

Variable                       Start  After logout()  Final
-----------------------------  -----  --------------  -----
request.user.is_authenticated  True   False           False
request.session.exists()       True   False           False
"""


def test_prints_the_tables_of_the_founding_document(engine: str, user: Any, settings: Any) -> None:
    """Each step is measured in real requests, on every engine."""
    settings.LOGOUT_REDIRECT_URL = "login"
    assert explain().startswith(TABLES)


def test_names_what_ended_and_what_did_not(engine: str, user: Any) -> None:
    """The other sessions of the user stay, and so does the data in a cookie."""
    for _ in range(2):
        Client().force_login(user)
    told = json.loads(explain(json=True))
    assert told["ended"] == {"session": 1}
    assert told["failed"] == []
    assert told["not_ended"] == {"other_sessions": 2}
    assert told["stored_data"] == STORED.get(engine, "deleted")
    assert told["copied_cookie"] == "refused"
    assert told["guarded"] is GUARDED.get(engine, True)
    assert f".{engine}.SessionStore" in told["engine"]
    assert LoginSession.objects.filter(ended_at=None).count() == 2


def test_json_says_the_same_as_the_tables(user: Any) -> None:
    """There is one object for programs."""
    told = json.loads(explain(json=True))
    assert [step["step"] for step in told["steps"]] == [1, 2, 3, 4, 5]
    assert told["variables"][0] == {
        "variable": "request.user.is_authenticated",
        "start": True,
        "after_logout": False,
        "final": False,
    }
    assert told["left_behind"] == {"event": str(LogoutEvent.objects.get().pk)}
