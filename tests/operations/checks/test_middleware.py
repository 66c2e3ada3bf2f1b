"""Checks of ``MIDDLEWARE``."""

from tests.operations.checks.projects import (
    AUTH,
    OTHER,
    OURS,
    SESSIONS,
    found,
    without,
)
from tests.settings import MIDDLEWARE


def test_broken_middleware_is_left_to_django() -> None:
    """A middleware that cannot be imported is none of ours, and raises nothing in the check."""
    assert found(MIDDLEWARE=[*MIDDLEWARE, "no.such.Middleware"]) == {}


def test_middleware_of_another_origin_after_ours_makes_no_session() -> None:
    """So that one of Django's is missing is certain."""
    assert list(found(MIDDLEWARE=[*without(SESSIONS), OTHER])) == ["E004"]


def test_hint_on_order_names_the_later_middleware() -> None:
    """LogoutMiddleware must follow two others, and one move is enough."""
    first = [OURS, AUTH, SESSIONS]
    messages = found(MIDDLEWARE=[*first, *without(*first)])
    assert SESSIONS in messages["E003"].hint
