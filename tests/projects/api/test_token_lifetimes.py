"""Tokens that live longer than refresh tokens do, by a setting or by their class."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, SlidingToken

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.operations import cleanup
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def last(kind: Any, days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of a class are good for so long. (The library reads its settings when it is imported.)"""
    monkeypatch.setattr(kind, "lifetime", timedelta(days=days))


def prune_after(days: int, clock: Any) -> cleanup.Pruned:
    """So much later."""
    clock.shift(timedelta(days=days))
    return cleanup.prune_records()


def works(token: Any) -> bool:
    """Whether somebody is let in by it."""
    return bool(Program("", str(token)).ask("/api/stateless/").status_code == 200)


@pytest.mark.parametrize("kind", [AccessToken, SlidingToken])
def test_what_refuses_a_token_is_kept_as_long_as_the_token(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, kind: Any
) -> None:
    """One that does not say of which login it is, and that outlives refresh tokens."""
    last(kind, 400, monkeypatch)
    token = kind.for_user(user)
    clock.shift(1)
    end_sessions(Target.user(user))
    prune_after(395, clock)
    assert not works(token)
    prune_after(10, clock)
    assert not LogoutEvent.objects.exists()


@pytest.mark.parametrize("sliding", [False, True])
def test_a_login_goes_on_as_long_as_one_of_its_tokens(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, sliding: bool
) -> None:
    """Pruning does not end it before, though nothing new can be made of them."""
    last(SlidingToken if sliding else AccessToken, 30, monkeypatch)
    url = "/jwt/sliding/" if sliding else "/jwt/"
    answer = Client().post(url, {"username": "ann", "password": "pw"}).json()
    token = answer["token" if sliding else "access"]
    assert prune_after(20, clock).expired == 0
    assert works(token)
    assert prune_after(15, clock).expired == 1


def test_nor_when_they_have_been_exchanged(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """The new access token counts, too."""
    program = Program.log_in()
    last(AccessToken, 30, monkeypatch)
    program = program.exchange()
    assert prune_after(20, clock).expired == 0
    assert works(program.access)


@pytest.mark.parametrize("days", [3, 59])
def test_an_expired_access_token_logs_out_what_outlives_it(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, days: int
) -> None:
    """Refresh tokens of a class of the project's own may live longer than the setting says."""
    last(RefreshToken, 60, monkeypatch)
    program = Program.log_in()
    clock.shift(timedelta(days=days))
    assert program.post("/drf/logout/").json()["ended"] == {"simplejwt": 1}
    assert Client().post("/jwt/refresh/", {"refresh": program.refresh}).status_code == 401


def test_an_expired_sliding_token_logs_its_login_out(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """Another that was had for it may still be good."""
    last(SlidingToken, 20, monkeypatch)
    url, data = "/jwt/sliding/", {"username": "ann", "password": "pw"}
    token = Client().post(url, data).json()["token"]
    clock.shift(timedelta(days=35))
    assert Program("", token).post("/drf/logout/").json()["ended"] == {"simplejwt": 1}
    assert LoginSession.objects.get().ended_at


def test_what_has_ended_does_not_come_back_when_it_is_forgotten(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """A sliding token of a login of which no row is left."""
    last(SlidingToken, 400, monkeypatch)
    url, data = "/jwt/sliding/", {"username": "ann", "password": "pw"}
    token = Client().post(url, data).json()["token"]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    LoginSession.objects.all().delete()
    assert not works(token)
    assert Client().post("/jwt/sliding/refresh/", {"token": token}).status_code == 401
