"""Whether a session is active by the rows of the registry, and why not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from django_logout import Reason, Target, end_sessions
from django_logout.enums import Scope
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import registry, status
from django_logout.sessions.identity import ID_KEY, Identity, identify
from tests.clients import install_now, login_keys
from tests.sessions.test_registry import row_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("claim", ["", "no uuid", 7, None, ["x"]])
def test_malformed_id_is_not_active(user: Any, claim: Any) -> None:
    """Whatever has got into the data, it cannot pass for a session from before our time."""
    identity = identify({**login_keys(user), ID_KEY: claim}, "key")
    assert identity is not None
    assert identity.registered
    assert not status.get_status(identity).active


def test_a_session_from_before_lives_until_all_of_its_users_are_ended(user: Any) -> None:
    """Adopted before that or after it: it began before."""
    install_now()
    identity = identify(login_keys(user), "key")
    assert identity is not None
    assert status.get_status(identity).active
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    assert not status.get_status(identity).active
    registry.adopt_session(SessionStore("key"), identity)
    assert LoginSession.objects.get().ended_at is None
    assert not status.get_status(identity).active


def test_a_login_after_everything_was_ended_is_alive(user: Any) -> None:
    """What has ended is the sessions of before."""
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    end_sessions(Target.everyone(), reason=Reason.COMMAND)
    client = Client()
    client.force_login(user)
    assert client.get("/").content == b"user=ann"


def test_user_model_without_a_hash_gives_no_reason(
    user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As user models may be that are none of Django's: their sessions cannot be too old."""
    assert status.why_login_refused(str(user.pk), "another") == Reason.PASSWORD_CHANGED
    monkeypatch.delattr(AbstractBaseUser, "get_session_auth_hash")
    assert status.why_login_refused(str(user.pk), "another") is None


@pytest.mark.parametrize(
    ("reason", "stayed"), [("password_changed", True), ("factor_changed", True), ("admin", False)]
)
def test_the_session_that_stayed_when_the_others_ended(
    user: Any, reason: str, stayed: bool
) -> None:
    """Because its user changed what Django's hash of the account is made of, in it."""
    row = row_of(user, authenticated_at=timezone.now() - timedelta(seconds=1))
    LogoutEvent.objects.create(
        user=user, reason=reason, scope=Scope.OTHERS, sessions=0, complete=True
    )
    assert status.kept_by_credential_change(row.pk) is stayed


def test_a_user_id_that_cannot_be_one_is_refused() -> None:
    """The session is from before the installation, and may still be adopted."""
    assert not status.get_status(Identity(uuid4(), "no number", registered=False)).active
