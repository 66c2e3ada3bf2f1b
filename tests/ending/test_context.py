"""An ending that could not be finished is not begun."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from django_logout import SessionNotEnded, Target, end_sessions
from tests.clients import logged_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_autocommit_nothing_can_be_promised(ann: Client, user: Any) -> None:
    """Without autocommit, no hook tells when the ending is committed."""
    transaction.set_autocommit(False)
    try:
        with pytest.raises(SessionNotEnded, match="atomic"):
            end_sessions(Target.user(user))
    finally:
        transaction.set_autocommit(True)
    assert logged_in_as(ann) == "ann"
