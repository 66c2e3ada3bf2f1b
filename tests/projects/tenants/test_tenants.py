"""Users of two tenants have the same key, and never each other's sessions."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django_tenants.utils import schema_context

from django_logout import Target, end_sessions
from tests.projects.visitor import Visitor

pytestmark = [
    pytest.mark.needs("postgres"),
    pytest.mark.engines("db", "cache", "signed_cookies"),
]


@pytest.fixture(autouse=True)
def _keys(settings: Any, engine: str) -> None:
    """Keep the tenants' keys in the cache apart, as the library says."""
    cache = {**settings.CACHES["default"], "KEY_FUNCTION": "django_tenants.cache.make_key"}
    settings.CACHES = {"default": cache}


def log_in(tenant: str) -> tuple[Visitor, Visitor]:
    """Return a visitor who has logged in, and a thief with a copy of the cookies."""
    visitor = Visitor(f"{tenant}.example")
    visitor.visit("/login/")
    visitor.submit(username="ann", password="pw")
    return visitor, visitor.copy()


def test_logout_ends_the_session_of_one_tenant(tenants: None) -> None:
    """A copied cookie is refused, and the other tenant's user stays."""
    (red, copy), (blue, _) = log_in("red"), log_in("blue")
    assert [each.who() for each in (red, copy, blue)] == ["ann"] * 3
    red.visit("/accounts/logout/")
    red.submit("/accounts/logout/")
    assert [each.who() for each in (red, copy, blue)] == ["", "", "ann"]


@pytest.mark.slow
def test_end_sessions_reaches_one_tenant(tenants: None) -> None:
    """That of the schema it is called in."""
    (red, copy), (blue, _) = log_in("red"), log_in("blue")
    with schema_context("red"):
        result = end_sessions(Target.user(get_user_model().objects.get()), reason="admin")
    assert (result.complete, result.ended["session"]) == (True, 1)
    assert [each.who() for each in (red, copy, blue)] == ["", "", "ann"]


@pytest.mark.slow
def test_cookie_of_one_tenant_means_nothing_to_another(tenants: None) -> None:
    """Although their users have the same key, and the site one secret."""
    red, _ = log_in("red")
    stranger = Visitor("blue.example")
    for name, morsel in red.client().cookies.items():
        stranger.client().cookies[name] = morsel.value
    assert (stranger.who(), red.who()) == ("", "ann")
