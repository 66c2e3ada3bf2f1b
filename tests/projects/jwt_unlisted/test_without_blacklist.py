"""JSON web tokens without the library's list of refresh tokens: its other app is not installed."""

from typing import Any

import pytest
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LoginSession
from django_logout.revokers.runner import credentials
from django_logout.sessions import token_logins
from tests.pages import LOGOUT
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_everywhere_ends_logins_and_tokens_of_none(user: Any, other: Any) -> None:
    """F30: access and refresh tokens; of another user none."""
    mine, issued, theirs = Program.log_in(), Program.issued_for(user), Program.log_in("bob")
    child = mine.exchange()
    assert credentials(user) == []
    result = end_sessions(Target.user(user))
    assert dict(result.ended) == {"simplejwt": 1}
    assert [each.refused() for each in (mine, child, issued)] == ["user"] * 3
    assert theirs.exchange().works


def test_everyone_and_the_others(ann: Client, user: Any) -> None:
    """Likewise."""
    mine, another = Program.log_in(client=ann), Program.log_in()
    ann.post("/accounts/sessions/end-others/")
    assert (mine.exchange().works, another.works) == (True, False)
    end_sessions(Target.everyone())
    assert not mine.works


def test_it_ends_with_its_browser(ann: Client) -> None:
    """One that has been exchanged for another, too."""
    program = Program.log_in(client=ann).exchange()
    assert ann.post(LOGOUT).status_code == 200
    assert program.refused() == "user"


def test_exchanged_while_it_ends_it_is_refused(user: Any, monkeypatch: Any) -> None:
    """There is nothing to blacklist then."""
    program, go_on = Program.log_in(), token_logins.extend_login

    def late(*args: Any) -> bool:
        end_sessions(Target.user(user))
        return go_on(*args)

    monkeypatch.setattr(token_logins, "extend_login", late)
    answer = Client().post("/jwt/refresh/", {"refresh": program.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "user")


def test_a_refresh_token_of_no_login_is_adopted(user: Any) -> None:
    """By its name."""
    issued = Program.issued_for(user)
    children = [issued.exchange(), issued.exchange()]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    assert not any(child.works for child in children)
