"""Tokens that do not say of which login they are: from before our time, or issued by other code."""

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
from tests.pages import LOGOUT
from tests.projects.jwt_client import Program

pytestmark = pytest.mark.django_db(transaction=True)


def access(user: Any, **claims: Any) -> Program:
    """An access token that says what is asked for, and not what is ``None``."""
    token = AccessToken.for_user(user)
    for name, value in claims.items():
        token[name] = value
        if value is None:
            del token[name]
    return Program("", str(token))


def test_everywhere_ends_those_from_before_it(user: Any, other: Any) -> None:
    """F30: access tokens by when they were issued, and the refresh token; nobody else's."""
    mine, theirs = Program.issued_for(user), Program.issued_for(other)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert (mine.refused(), theirs.works) == ("admin", True)


def test_what_is_issued_afterwards_is_served(user: Any, clock: Any) -> None:
    """From the next second on: tokens do not know more of when that was."""
    clock.move_to(timezone.now().replace(microsecond=500_000))
    end_sessions(Target.user(user))
    assert not Program.issued_for(user).works
    clock.shift(timedelta(seconds=1))
    assert Program.issued_for(user).works


def test_of_several_endings_the_last_counts_and_says_why(user: Any, clock: Any) -> None:
    """Whether it was of everyone, of chosen users, or of this one."""
    ann = get_user_model().objects.filter(pk=user.pk)
    targets = [Target.everyone(), Target.users(ann), Target.user(user), Target.users(ann)]
    for number, target in enumerate(targets):
        clock.shift(timedelta(seconds=2))
        program = Program.issued_for(user)
        assert program.works
        clock.shift(timedelta(seconds=2))
        end_sessions(target, reason=f"number {number}")
        assert program.refused() == f"number {number}"


def test_changed_password(user: Any) -> None:
    """In the admin, by a script, by the user."""
    program = Program.issued_for(user)
    user.set_password("new")
    user.save()
    assert program.refused() == "password_changed"


def test_users_change_their_own_password_in_a_browser(ann: Client, user: Any) -> None:
    """The browser stays signed in; what nobody knows to be a part of it does not."""
    program = Program.issued_for(user)
    form = {"old_password": "pw", "new_password1": "kw8-Zq.x", "new_password2": "kw8-Zq.x"}
    assert ann.post("/password/", form).status_code == 302
    assert program.refused() == "password_changed"


def test_of_a_deleted_user_where_nobody_loads_the_user(user: Any) -> None:
    """The library believes the token; the events have forgotten whose they were."""
    program = Program.issued_for(user)
    user.delete()
    assert program.refused() == "deleted"


def test_logging_out_in_a_browser_leaves_them(ann: Client, user: Any) -> None:
    """Nothing says that they have to do with it."""
    program = Program.issued_for(user)
    ann.post("/accounts/logout/")
    assert program.works


def test_one_that_does_not_say_when_it_was_issued(user: Any) -> None:
    """Is served as long as nothing of its user has been ended."""
    program = access(user, iat=None)
    assert program.works
    end_sessions(Target.user(user))
    assert not program.works


@pytest.mark.parametrize("sid", ["nonsense", 7, "", "6d2f1e0a-0000-4000-8000-000000000000"])
def test_of_a_login_that_nobody_knows_it_is_refused(user: Any, sid: Any) -> None:
    """Whatever it says."""
    assert access(user, sid=sid).ask().status_code == 401


def test_users_may_be_named_by_another_field(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``USER_ID_FIELD`` has it."""
    monkeypatch.setattr(api_settings, "USER_ID_FIELD", "username")
    program, login = Program.issued_for(user), Program.log_in()
    assert (program.works, login.works) == (True, True)
    end_sessions(Target.user(user))
    assert [program.refused(), login.refused()] == ["user", "user"]


def test_exchanged_it_keeps_the_time_at_which_it_was_issued(user: Any, clock: Any) -> None:
    """Its child has a new one; but is of a login that began then."""
    issued = Program.issued_for(user)
    clock.shift(timedelta(seconds=10))
    child = issued.exchange()
    row = LoginSession.objects.get()
    assert timezone.now() - row.created_at >= timedelta(seconds=10)
    end_sessions(Target.user(user))
    assert child.refused() == "user"


def test_exchanged_after_an_ending_it_is_refused(user: Any) -> None:
    """And leaves no login behind."""
    issued = Program.issued_for(user)
    Cutoff.objects.create(user=user, before=timezone.now() + timedelta(seconds=1), reason="mine")
    answer = Client().post("/jwt/refresh/", {"refresh": issued.refresh})
    assert (answer.status_code, answer.json()["reason"]) == (401, "mine")
    assert not LoginSession.objects.exists()


def test_adopted_by_a_request_that_saw_no_ending_it_is_refused_all_the_same(user: Any) -> None:
    """The row comes to light when the ending is done, and is from before it."""
    child = Program.issued_for(user).exchange()
    row = LoginSession.objects.get()
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    LoginSession.objects.filter(pk=row.pk).update(ended_at=None, event=None)
    assert child.refused() == "admin"


def test_adopted_it_stays_when_it_ends_the_others(user: Any, clock: Any) -> None:
    """Its tokens say by then of which login they are; those of the others do not come back."""
    mine, waiting, adopted = (Program.issued_for(user) for _ in range(3))
    clock.shift(timedelta(seconds=10))
    mine, adopted = mine.exchange(), adopted.exchange()
    end_sessions(Target.others(mine.ask("/api/who/").wsgi_request))
    clock.shift(timedelta(seconds=10))
    assert (waiting.refused(), adopted.refused()) == ("user", "user")
    assert mine.works
    assert mine.exchange().works


def test_so_it_does_when_its_browser_ends_the_others(ann: Client, clock: Any) -> None:
    """It is part of that session; and ends with it."""
    mine = Program(**ann.post("/jwt/in-browser/").json())
    clock.shift(timedelta(seconds=10))
    mine = mine.exchange()
    ann.post("/accounts/sessions/end-others/")
    assert mine.works
    ann.post(LOGOUT)
    assert mine.refused() == "user"


def test_what_refuses_a_token_is_kept_as_long_as_the_token(
    user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """Refresh tokens may live longer than ``RETENTION``, and than cookies do."""
    monkeypatch.setattr(api_settings, "REFRESH_TOKEN_LIFETIME", timedelta(days=400))
    end_sessions(Target.user(user))
    clock.shift(timedelta(days=399))
    cleanup.prune_records()
    assert LogoutEvent.objects.exists()
    clock.shift(timedelta(days=3))
    cleanup.prune_records()
    assert not LogoutEvent.objects.exists()


def test_pruning_ends_logins_that_have_expired(user: Any, clock: Any) -> None:
    """And says how many there were."""
    Program.log_in()
    clock.shift(timedelta(days=3))
    assert cleanup.prune_records().expired == 1
    assert LogoutEvent.objects.get().reason == "expired"
