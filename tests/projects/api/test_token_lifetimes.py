"""Access tokens that outlive refresh tokens, by a setting or by their class."""

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
    """Set the lifetime of a class of tokens, because the library reads its settings on import."""
    monkeypatch.setattr(kind, "lifetime", timedelta(days=days))


def prune_after(days: int, clock: Any) -> cleanup.Pruned:
    """Prune so many days later."""
    clock.shift(timedelta(days=days))
    return cleanup.prune_records()


def works(token: Any) -> bool:
    """Return whether the token authenticates."""
    return bool(Program("", str(token)).ask("/api/stateless/").status_code == 200)


@pytest.mark.parametrize("kind", [AccessToken, SlidingToken])
def test_cutoff_is_kept_for_longest_token_lifetime(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, kind: Any
) -> None:
    """The token names no session, and outlives refresh tokens."""
    last(kind, 400, monkeypatch)
    token = kind.for_user(user)
    clock.shift(1)
    end_sessions(Target.user(user))
    prune_after(395, clock)
    assert not works(token)
    prune_after(10, clock)
    assert not LogoutEvent.objects.exists()


@pytest.mark.parametrize("sliding", [False, True])
def test_session_lasts_as_long_as_its_longest_token(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, sliding: bool
) -> None:
    """Pruning does not end it earlier, although no new token can be made of them."""
    last(SlidingToken if sliding else AccessToken, 30, monkeypatch)
    url = "/jwt/sliding/" if sliding else "/jwt/"
    answer = Client().post(url, {"username": "ann", "password": "pw"}).json()
    token = answer["token" if sliding else "access"]
    assert prune_after(20, clock).expired == 0
    assert works(token)
    assert prune_after(15, clock).expired == 1


def test_refreshed_access_token_prolongs_session(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """The new access token counts as well."""
    program = Program.log_in()
    last(AccessToken, 30, monkeypatch)
    program = program.exchange()
    assert prune_after(20, clock).expired == 0
    assert works(program.access)


@pytest.mark.parametrize("days", [3, 59])
def test_expired_access_token_revokes_longer_refresh_token(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any, days: int
) -> None:
    """A refresh token of the project's own class may live longer than the setting says."""
    last(RefreshToken, 60, monkeypatch)
    program = Program.log_in()
    clock.shift(timedelta(days=days))
    assert program.post("/drf/logout/").json()["ended"] == {"simplejwt": 1}
    assert Client().post("/jwt/refresh/", {"refresh": program.refresh}).status_code == 401


def test_expired_sliding_token_ends_its_session(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """A newer token of the same session may still be valid."""
    last(SlidingToken, 20, monkeypatch)
    url, data = "/jwt/sliding/", {"username": "ann", "password": "pw"}
    token = Client().post(url, data).json()["token"]
    clock.shift(timedelta(days=35))
    assert Program("", token).post("/drf/logout/").json()["ended"] == {"simplejwt": 1}
    assert LoginSession.objects.get().ended_at


def test_sliding_token_of_deleted_session_is_refused(
    user: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """No row of the session is left."""
    last(SlidingToken, 400, monkeypatch)
    url, data = "/jwt/sliding/", {"username": "ann", "password": "pw"}
    token = Client().post(url, data).json()["token"]
    end_sessions(Target.session(LoginSession.objects.get().pk))
    LoginSession.objects.all().delete()
    assert not works(token)
    assert Client().post("/jwt/sliding/refresh/", {"token": token}).status_code == 401
