"""Methods: which there are, and what the wrong ones are told."""

from typing import Any

import pytest
from django.test import Client

from django_logout.views import LogoutView
from tests.clients import LOGOUT, Page, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db


def test_djangos_own_http_method_names(ann: Client, settings: Any) -> None:
    """A project that wants the 405 back gets it, with a page that explains."""
    view = LogoutView.as_view(http_method_names=["post", "options"])
    settings.ROOT_URLCONF = routes(view)

    response = ann.get(OUT)
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
    assert len(Page(response).all("form")) == 1
    assert ann.post(OUT).status_code == 200


def test_options_names_the_methods(ann: Client) -> None:
    """And does nothing."""
    response = ann.options(LOGOUT)

    assert response.status_code == 200
    assert response["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert logged_in_as(ann) == "ann"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_wrong_methods_get_a_405_that_says_how(ann: Client, method: str) -> None:
    """With Allow, and the form that does log out."""
    response = getattr(ann, method)(LOGOUT)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert len(Page(response).all("form")) == 1
    assert logged_in_as(ann) == "ann"


def test_a_wrong_method_of_an_api_is_a_problem(ann: Client) -> None:
    """RFC 9457."""
    response = ann.delete(LOGOUT, headers={"Accept": "application/json"})

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 405


def test_unknown_method_is_a_405(ann: Client) -> None:
    """A 405 as well."""
    assert ann.generic("BREW", LOGOUT).status_code == 405
