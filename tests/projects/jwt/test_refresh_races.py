"""F31: tokens that are refreshed while their session ends, in every order of the steps."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from django_logout import Target, end_sessions
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.sessions import status, token_logins
from tests.projects.jwt_client import Program, exchange, works
from tests.steps import every_order, step

pytestmark = pytest.mark.django_db(transaction=True)

WIDE = ("browser", "user", "everyone")


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide a refresh into steps: check the session, blacklist the old token, list the new one,
    check again, respond."""

    def slow(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def slowly(*args: Any, **kwargs: Any) -> Any:
            if not connection.in_atomic_block:
                step()
            return work(*args, **kwargs)

        monkeypatch.setattr(owner, name, slowly)

    slow(status, "get_status")
    slow(RefreshToken, "blacklist")
    slow(RefreshToken, "outstand")
    slow(token_logins, "extend_login")


def of_a_login(browser: Client) -> Program:
    """Log in with a name and a password, in this browser."""
    return Program.log_in(client=browser)


def of_none(browser: Client) -> Program:
    """Return a refresh token that the project's own code issued in this browser. Its access token
    names only the user, so it is left out."""
    return Program(browser.post("/jwt/in-browser/").json()["refresh"], "")


def target(scope: str, user: Any) -> Target:
    """Return what is ended."""
    of_kind = {"login": "simplejwt", "browser": "session"}
    if scope in of_kind:
        return Target.sessions(LoginSession.objects.filter(kind=of_kind[scope]))
    return Target.user(user) if scope == "user" else Target.everyone()


CASES = [(of_a_login, "login"), *((how, scope) for how in (of_a_login, of_none) for scope in WIDE)]


@pytest.mark.parametrize(("obtain", "scope"), CASES)
def test_no_order_of_refresh_survives_ending(
    stepped: None, db: None, obtain: Callable[[Client], Program], scope: str
) -> None:
    """Neither tokens issued before the ending nor those issued after it."""
    programs: list[Program] = []

    def fresh() -> dict[str, Callable[[], Any]]:
        for model in (LoginSession, OutstandingToken, LogoutEvent, Cutoff, get_user_model()):
            model.objects.all().delete()
        ann, browser = get_user_model().objects.create_user("ann", password="pw"), Client()
        browser.force_login(ann)
        programs[:] = [obtain(browser)]

        def door() -> None:
            step()
            end_sessions(target(scope, ann))

        return {"door": door, "reader": lambda: exchange(programs[0])}

    def unharmed(results: dict[str, Any]) -> None:
        assert not any(isinstance(result, Exception) for result in results.values()), results

    handed_out = []
    for results, _ in every_order(fresh, unharmed):
        child = results["reader"]
        handed_out.append(child is not None)
        assert not works(programs[0])
        assert child is None or not works(child)
    assert {*handed_out} == {True, False}


def test_token_refreshed_during_ending_is_blacklisted(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ending could not know the new token; once it is blacklisted, other code refuses it
    too."""
    program, go_on = Program.log_in(), token_logins.extend_login

    def late(*args: Any) -> bool:
        end_sessions(Target.user(user))
        return go_on(*args)

    monkeypatch.setattr(token_logins, "extend_login", late)
    assert exchange(program) is None
    assert OutstandingToken.objects.count() == BlacklistedToken.objects.count() == 2
