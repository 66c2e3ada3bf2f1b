"""JSON web tokens that name no session: issued before the package was installed, or by other
code."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken

from django_logout import Reason, Target, end_sessions
from django_logout.models import Cutoff, LoginSession, LogoutEvent
from django_logout.operations import cleanup
from tests.clients import LOGOUT
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def access(user: Any, **claims: Any) -> Program:
    """Return an access token with these claims, and without those that are ``None``."""
    token = AccessToken.for_user(user)
    for name, value in claims.items():
        token[name] = value
        if value is None:
            del token[name]
    return Program("", str(token))


def test_everywhere_refuses_older_tokens(user: Any, other: Any) -> None:
    """F30: access tokens by the time of issue, and the refresh token; no other user's."""
    mine, theirs = Program.issued_for(user), Program.issued_for(other)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (mine.refused(), theirs.works) == ("admin", True)


def test_token_issued_after_ending_works(user: Any, clock: Any) -> None:
    """From the next second on, because ``iat`` has whole seconds."""
    clock.move_to(timezone.now().replace(microsecond=500_000))
    end_sessions(Target.user(user))
    assert not Program.issued_for(user).works
    clock.shift(timedelta(seconds=1))
    assert Program.issued_for(user).works


def test_last_of_several_endings_gives_reason(user: Any, clock: Any) -> None:
    """Whether it ended everyone, chosen users, or this user."""
    ann = get_user_model().objects.filter(pk=user.pk)
    targets = [Target.everyone(), Target.users(ann), Target.user(user), Target.users(ann)]
    for number, target in enumerate(targets):
        clock.shift(timedelta(seconds=2))
        program = Program.issued_for(user)
        assert program.works
        clock.shift(timedelta(seconds=2))
        end_sessions(target, reason=f"number {number}")
        assert program.refused() == f"number {number}"


def test_password_change_revokes(user: Any) -> None:
    """In the admin, by a script, or by the user."""
    program = Program.issued_for(user)
    user.set_password("new")
    user.save()
    assert program.refused() == "password_changed"


def test_password_change_in_browser_revokes(ann: Client, user: Any) -> None:
    """The browser stays logged in; a token that is not known to belong to its session does not."""
    program = Program.issued_for(user)
    form = {"old_password": "pw", "new_password1": "kw8-Zq.x", "new_password2": "kw8-Zq.x"}
    assert ann.post("/password/", form).status_code == 302
    assert program.refused() == "password_changed"


def test_token_of_deleted_user_is_refused(user: Any) -> None:
    """Stateless authentication trusts the token, and the events no longer name the user."""
    program = Program.issued_for(user)
    user.delete()
    assert program.refused() == "deleted"


def test_logout_in_browser_spares_token(ann: Client, user: Any) -> None:
    """Nothing binds the token to the browser's session."""
    program = Program.issued_for(user)
    ann.post("/accounts/logout/")
    assert program.works


def test_token_without_iat(user: Any) -> None:
    """It works until an ending of its user."""
    program = access(user, iat=None)
    assert program.works
    end_sessions(Target.user(user))
    assert not program.works


@pytest.mark.parametrize("sid", ["nonsense", 7, "", "6d2f1e0a-0000-4000-8000-000000000000"])
def test_token_with_unknown_session_is_refused(user: Any, sid: Any) -> None:
    """Whatever its ``sid`` claim holds."""
    assert access(user, sid=sid).ask().status_code == 401


def test_user_id_field(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens may name users by another field than the primary key."""
    monkeypatch.setattr(api_settings, "USER_ID_FIELD", "username")
    program, login = Program.issued_for(user), Program.log_in()
    assert (program.works, login.works) == (True, True)
    end_sessions(Target.user(user))
    assert [program.refused(), login.refused()] == ["ended", "ended"]


def test_refreshed_token_keeps_time_of_issue(user: Any, clock: Any) -> None:
    """The new token has a new ``iat``, but its session began with the old one."""
    issued = Program.issued_for(user)
    clock.shift(timedelta(seconds=10))
    child = issued.exchange()
    row = LoginSession.objects.get()
    assert timezone.now() - row.created_at >= timedelta(seconds=10)
    end_sessions(Target.user(user))
    assert child.refused() == "ended"


def test_refresh_after_ending_is_refused(user: Any) -> None:
    """It creates no session."""
    issued = Program.issued_for(user)
    Cutoff.objects.create(user=user, before=timezone.now() + timedelta(seconds=1), reason="mine")
    answer = Client().post("/jwt/refresh/", {"refresh": issued.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "mine")
    assert not LoginSession.objects.exists()


def test_adoption_concurrent_with_ending_is_refused(user: Any) -> None:
    """The row becomes visible after the ending, but is older than its cutoff."""
    child = Program.issued_for(user).exchange()
    row = LoginSession.objects.get()
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    LoginSession.objects.filter(pk=row.pk).update(ended_at=None, event=None)
    assert child.refused() == "admin"


def test_adopted_token_ends_others_and_stays(user: Any, clock: Any) -> None:
    """Its tokens name their session by then; the tokens of the others stay revoked."""
    mine, waiting, adopted = (Program.issued_for(user) for _ in range(3))
    clock.shift(timedelta(seconds=10))
    mine, adopted = mine.exchange(), adopted.exchange()
    end_sessions(Target.others(mine.ask("/api/who/").wsgi_request))
    clock.shift(timedelta(seconds=10))
    assert (waiting.refused(), adopted.refused()) == ("remote", "remote")
    assert mine.works
    assert mine.exchange().works


def test_adopted_token_of_browser_survives_end_others(ann: Client, clock: Any) -> None:
    """It belongs to the browser's session, and ends with that."""
    mine = Program(**ann.post("/jwt/in-browser/").json())
    clock.shift(timedelta(seconds=10))
    mine = mine.exchange()
    ann.post("/accounts/sessions/end-others/")
    assert mine.works
    ann.post(LOGOUT)
    assert mine.refused() == "user"


def test_cutoff_is_kept_for_refresh_token_lifetime(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """Refresh tokens may live longer than ``RETENTION`` and than session cookies."""
    monkeypatch.setattr(api_settings, "REFRESH_TOKEN_LIFETIME", timedelta(days=400))
    end_sessions(Target.user(user))
    clock.shift(timedelta(days=399))
    cleanup.prune_records()
    assert LogoutEvent.objects.exists()
    clock.shift(timedelta(days=3))
    cleanup.prune_records()
    assert not LogoutEvent.objects.exists()


def test_pruning_ends_expired_sessions(user: Any, clock: Any) -> None:
    """It returns how many there were."""
    Program.log_in()
    clock.shift(timedelta(days=3))
    assert cleanup.prune_records().expired == 1
    assert LogoutEvent.objects.get().reason == "expired"
