"""Which login a session is of, by its data and its key."""

from typing import Any
from uuid import uuid4

import pytest

from django_logout.sessions.identity import ID_KEY, identify, is_adopted
from tests.clients import login_keys

pytestmark = pytest.mark.django_db(transaction=True)


def test_session_without_a_user_has_no_identity() -> None:
    """A session without a user has no identity, whatever else it holds."""
    assert identify({}, "key") is None
    assert identify({ID_KEY: str(uuid4())}, "key") is None


def test_login_without_key_and_id_has_no_identity_yet(user: Any) -> None:
    """As a project may put it together by hand: there is nothing that could have ended."""
    assert identify(login_keys(user), None) is None


def test_a_key_from_before_gives_always_the_same_id_and_does_not_show_in_it(user: Any) -> None:
    """So that a late write or a replayed cookie of an adopted session is that session."""
    data = login_keys(user)
    one, again, other = (identify(data, key) for key in ("key", "key", "other"))
    assert one == again != other
    assert one is not None
    assert is_adopted(one.id)
    assert not one.registered
