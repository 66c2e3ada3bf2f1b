"""``storable``: views whose pages browsers may store."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils.decorators import method_decorator
from django.views.generic import View

from django_logout.decorators import storable
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_store(settings: Any) -> None:
    """It is switched on."""
    settings.LOGOUT = {"NO_STORE": True}


def page(request: HttpRequest) -> HttpResponse:
    """The page of a user."""
    return HttpResponse(request.user.get_username())


async def apage(request: HttpRequest) -> HttpResponse:
    """The same under ASGI."""
    return HttpResponse((await request.auser()).get_username())


@method_decorator(storable, "dispatch")
class StorablePage(View):
    """One that the project lets be stored."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request)


def cached(response: Any) -> str:
    """What is said about storing."""
    return str(response.headers.get("Cache-Control", ""))


@pytest.mark.parametrize("view", [storable(page), storable(apage), StorablePage.as_view()])
def test_a_view_can_be_let_off(no_store: None, ann: Client, settings: Any, view: Any) -> None:
    """Functions and classes, sync and async."""
    settings.ROOT_URLCONF = routes(view)

    response = ann.get(OUT)

    assert (cached(response), response.content) == ("", b"ann")
