"""The names of rows, for the shell and the admin."""

from typing import Any

import pytest
from django.utils import timezone

from django_logout.models import CredentialBinding, Cutoff, Installation
from tests.factories import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_have_names(user: Any) -> None:
    """For the shell and the admin, without a secret."""
    (row,) = make_rows(user, 1, session_key="secret")
    before = timezone.now().replace(2026, 1, 2, 3, 4, 5)
    assert str(row) == str(row.pk)
    assert str(Cutoff(user=user, before=before)) == f"{user.pk} < 2026-01-02 03:04:05"
    assert str(Cutoff(before=before)) == "everyone < 2026-01-02 03:04:05"
    assert str(Installation(installed_at=before)) == "2026-01-02 03:04:05"
    assert str(CredentialBinding(id=row.pk, kind="token")) == f"token {row.pk}"
