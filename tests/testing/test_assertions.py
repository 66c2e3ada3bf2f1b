"""``assert_logged_out`` fails for clients with an active session."""

import pytest
from django.test import Client

from django_logout.testing import assert_logged_out, copy_client
from tests.clients import LOGOUT


@pytest.mark.django_db(transaction=True)
def test_assert_logged_out_of_client_and_copy(ann: Client) -> None:
    """It fails for both before the logout, and passes for both after it."""
    thief = copy_client(ann)
    for client in (ann, thief):
        with pytest.raises(AssertionError, match="still logged in as ann"):
            assert_logged_out(client)
    ann.post(LOGOUT)
    for client in (ann, thief, Client()):
        assert_logged_out(client)
