"""Tokens that were obtained in a session are bound to it."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.revokers import bindings
from tests.factories import make_rows
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def test_public_id_tells_kinds_and_projects_apart(settings: Any) -> None:
    """The primary key may be the token itself, so it cannot be guessed from the id."""
    one = bindings.public_id("token", 1)
    assert one == bindings.public_id("token", "1")
    assert one not in {bindings.public_id("token", 2), bindings.public_id("other", 1)}
    settings.SECRET_KEY = "another project's"
    assert one != bindings.public_id("token", 1)


def test_token_is_found_by_its_active_session(user: Any) -> None:
    """Of ended sessions the tokens are found by the sessions' ids only."""
    first, second = make_rows(user, 2)
    ids = [uuid4() for _ in range(3)]
    for credential_id, row in zip(ids, [first, first, second], strict=True):
        assert bindings.bind_to_session("token", credential_id, row.pk)
    end_sessions(Target.session(second.pk))

    active = bindings.credentials_of_active_sessions(user.pk)
    assert active == {"token": frozenset(ids[:2])}
    assert bindings.credentials_of_sessions([second.pk]) == {"token": frozenset(ids[2:])}
    assert bindings.bound_session_id(ids[0]) == first.pk
    assert bindings.bound_session_id(uuid4()) is None


def test_session_that_has_ended_gets_no_token(user: Any) -> None:
    """A request in flight creates a token after the ending: it must not outlive the session."""
    (row,) = make_rows(user, 1)
    end_sessions(Target.session(row.pk))
    assert not bindings.bind_to_session("token", uuid4(), row.pk)
    assert bindings.credentials_of_sessions([row.pk]) == {}


@pytest.mark.parametrize("looks", [True, False], ids=["loaded", "not loaded"])
def test_session_counts_if_it_has_authenticated_the_request(
    ann: Client, user: Any, other: Any, settings: Any, looks: bool
) -> None:
    """A request with a token may carry a cookie too, which nothing has looked at."""
    found: list[Any] = []

    def view(request: Any) -> Any:
        if looks:
            request.session.get("any")
        found.extend(bindings.current_session_id(each.pk) for each in (user, other))
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    ann.get(OUT)
    assert [bool(each) for each in found] == [looks, False]
    assert bindings.current_session_id(user.pk) is None
