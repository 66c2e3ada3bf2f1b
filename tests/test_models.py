"""The names of rows, for the shell and the admin."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone, translation

from django_logout.models import CredentialBinding, Cutoff, Installation, LoginSession, LogoutEvent
from tests.factories import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_have_names(user: Any) -> None:
    """For the shell and the admin, without a secret."""
    before = timezone.now().replace(2026, 1, 2, 3, 4, 5)
    (row,) = make_rows(user, 1, session_key="secret", created_at=before)
    (token,) = make_rows(user, 1, created_at=before, kind="simplejwt")
    row.device = "Firefox on Windows"
    assert str(row) == "Firefox on Windows, 01/01/2026 9:04 p.m."
    assert str(token) == "App login (JSON web token), 01/01/2026 9:04 p.m."
    with translation.override("de"):
        assert str(row) == "Firefox unter Windows, 01.01.2026 21:04"
    with translation.override("ar"):
        # Each part is isolated, or the comma would stand in the middle of a Latin name.
        assert re.fullmatch("\u2068.*Firefox .* Windows\u2069, \u2068.*\u2069", str(row))
        event = LogoutEvent(user_label="ann", reason="user")
        assert str(event).startswith("\u2068ann\u2069: ")
    assert str(Cutoff(user=user, before=before)) == f"{user.pk} < 2026-01-02 03:04:05"
    assert str(Cutoff(before=before)) == "everyone < 2026-01-02 03:04:05"
    assert str(Installation(installed_at=before)) == "2026-01-02 03:04:05"
    assert str(CredentialBinding(id=row.pk, kind="token")) == f"token {row.pk}"


def test_name_of_a_session_needs_no_time_zone(user: Any, settings: Any) -> None:
    """Projects may do without."""
    settings.USE_TZ = False

    assert str(LoginSession(created_at=datetime(2026, 1, 2, 3, 4))).endswith("3:04 a.m.")  # noqa: DTZ001
