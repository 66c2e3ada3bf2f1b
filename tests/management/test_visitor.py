"""The visitor of ``manage.py logout explain`` uses the project's own pages."""

from typing import Any

import pytest
from django.urls import include, path

from tests.management.command import Urls, explain
from tests.views import home, plain_logout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("way", ["django_logout.urls", "django.contrib.auth.urls", plain_logout])
def test_explains_any_view_named_logout(user: Any, settings: Any, way: Any) -> None:
    """A function that calls Django's ``logout()``, and Django's own view, end sessions in the same
    way."""
    mine = path("out/", way, name="logout") if callable(way) else path("", include(way))
    settings.ROOT_URLCONF = Urls(mine, path("", home, name="home"))
    text = explain()
    assert f"Request sent to {'plain_logout' if callable(way) else 'LogoutView'}" in text
    assert "replayed, and refused" in text


def test_a_redirect_to_another_site_is_not_followed(user: Any, settings: Any) -> None:
    """The output names the site. The query can hold a secret, and is left out."""
    settings.LOGOUT_REDIRECT_URL = "https://op.example.com/end?id_token_hint=secret"
    text = explain()
    assert "Redirect response to https://op.example.com/end (302)" in text
    assert "User sees another site, op.example.com" in text
    assert "secret" not in text
