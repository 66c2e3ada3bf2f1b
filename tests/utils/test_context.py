"""The request that is being served is known to code that gets none, and only while it is served."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout.utils.context import current_request
from tests.urlconf import OUT, routes


def seen(request: HttpRequest) -> HttpResponse:
    """Compare."""
    return HttpResponse(str(current_request.get() is request))


async def aseen(request: HttpRequest) -> HttpResponse:
    """Compare in the event loop."""
    return seen(request)


def failing(request: HttpRequest) -> HttpResponse:
    """Raise an error."""
    raise RuntimeError("the view fails")


@pytest.mark.parametrize("view", [seen, aseen])
async def test_request_is_known_while_it_is_served(settings: Any, view: Any) -> None:
    """Under ASGI, sync views run in a thread, which gets a copy of the context."""
    settings.ROOT_URLCONF = routes(view)
    response = await AsyncClient().get(OUT)
    assert response.content == b"True"
    assert current_request.get() is None


@pytest.mark.parametrize("view", [seen, failing])
def test_request_is_forgotten_after_the_response(settings: Any, view: Any) -> None:
    """The next request of the thread, or a task, must not be taken for this one, also if it fails."""
    settings.ROOT_URLCONF = routes(view)
    Client(raise_request_exception=False).get(OUT)
    assert current_request.get() is None
