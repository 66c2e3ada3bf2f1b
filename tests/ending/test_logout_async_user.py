"""F17: after ``await alogout()``, ``await request.auser()`` was still the old user."""

from typing import Any

import pytest
from django.contrib.auth import alogout as django_alogout
from django.contrib.auth import logout as django_logout_function
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import alogout, logout
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("leave", [alogout, django_alogout], ids=["ours", "Django"])
async def test_auser_is_anonymous_at_once(user: Any, settings: Any, leave: Any) -> None:
    """And request.user as well, by our function and by Django's."""

    async def view(request: HttpRequest) -> HttpResponse:
        before = (await request.auser()).get_username()
        await leave(request)
        after = (await request.auser()).is_anonymous, request.user.is_anonymous
        return HttpResponse(f"{before} {after}")

    settings.ROOT_URLCONF = routes(view)
    client = AsyncClient()
    await client.aforce_login(user)

    assert (await client.get(OUT)).content == b"ann (True, True)"


@pytest.mark.parametrize("leave", [logout, django_logout_function], ids=["ours", "Django"])
def test_user_is_anonymous_at_once(ann: Client, settings: Any, leave: Any) -> None:
    """Without an event loop."""

    def view(request: HttpRequest) -> HttpResponse:
        before = request.user.get_username()
        leave(request)
        return HttpResponse(f"{before} {request.user.is_anonymous}")

    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT).content == b"ann True"


async def test_alogout_of_an_anonymous_visitor_succeeds(settings: Any) -> None:
    """Calm success again."""

    async def view(request: HttpRequest) -> HttpResponse:
        result = await alogout(request)
        return HttpResponse(f"{dict(result.ended)} {(await request.auser()).is_anonymous}")

    settings.ROOT_URLCONF = routes(view)

    assert (await AsyncClient().get(OUT)).content == b"{} True"
