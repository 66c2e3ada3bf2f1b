"""Endings are announced after the commit, and never if the transaction is rolled back."""

import logging
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from django_logout import (
    SessionNotEnded,
    Target,
    end_sessions,
)
from django_logout.models import LoginSession
from django_logout.signals import session_ended
from tests.clients import logged_in_as
from tests.ending.failing_database import failing

pytestmark = pytest.mark.django_db(transaction=True)


def test_inside_a_transaction_it_is_told_after_the_commit(
    ann: Client, user: Any, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Not before it is true."""
    caplog.set_level(logging.INFO, "django_logout")
    with transaction.atomic():
        end_sessions(Target.user(user))
        assert not heard
        assert not caplog.records

    assert len(heard) == 1
    assert caplog.records


def test_what_is_rolled_back_has_not_happened(ann: Client, user: Any, heard: list[Any]) -> None:
    """No receiver is called, and the user is still logged in."""
    with transaction.atomic():
        end_sessions(Target.user(user))
        transaction.set_rollback(True)

    assert not heard
    assert logged_in_as(ann) == "ann"


def test_what_has_ended_is_announced_whatever_fails_afterwards(
    engine: str, ann: Client, user: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No later ending announces it, since it has ended already."""
    heard = []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    try:
        with failing("SELECT", "created_at", '"ended_at" IS NULL'), pytest.raises(SessionNotEnded):
            end_sessions(Target.user(user))
    finally:
        session_ended.disconnect(hear)

    assert heard == [LoginSession.objects.get().pk]
    assert "Not logged out everywhere yet" in caplog.text
    assert logged_in_as(ann) == ""
