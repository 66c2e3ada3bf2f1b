"""Who really acts: the impersonator in place of the user who is impersonated."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard.impersonation import find_actor, get_impersonator, set_impersonator

USER = get_user_model()


def request_of(user: Any, impersonator: Any = None) -> HttpRequest:
    """Return a request of a user, whom another may impersonate."""
    request: Any = HttpRequest()
    request.user = user
    if impersonator is not None:
        set_impersonator(request, impersonator)
    return request


def test_impersonator_acts() -> None:
    """In place of the user who seems to act, but not of another."""
    ann, bob, boss = USER(pk=1), USER(pk=2), USER(pk=3)
    request = request_of(ann, boss)
    assert get_impersonator(request) is boss
    assert find_actor(ann, request) is boss
    assert find_actor(bob, request) is bob
    assert find_actor(None, request) is None


def test_without_an_impersonator() -> None:
    """The actor is the one that is given."""
    ann = USER(pk=1)
    assert get_impersonator(None) is None
    assert get_impersonator(request_of(ann)) is None
    assert find_actor(ann, None) is ann
    assert find_actor(ann, request_of(ann)) is ann


@pytest.mark.parametrize("error", [DatabaseError, SessionUnavailable])
def test_actor_who_cannot_be_loaded(error: type[Exception]) -> None:
    """Nothing ends then: who did it would not be on record."""

    def fail() -> Any:
        raise error

    with pytest.raises(SessionNotEnded, match="could not be loaded"):
        find_actor(SimpleLazyObject(fail), request_of(USER(pk=1)))
