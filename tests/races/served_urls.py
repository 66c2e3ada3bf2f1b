"""What a real ASGI server serves in tests. A request can ask to be slow: on its way to the view,
in the door, or after it."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware
from django.views.decorators.csrf import csrf_exempt

from django_logout import alogout
from django_logout.revokers.base import Revoker
from django_logout.types import Ending
from django_logout.views import AsyncLogoutView, LogoutView
from tests.urls import urlpatterns as site

#: Seconds; the client is gone long before.
SLOW = 0.5


def is_slow(request: HttpRequest | None, step: str) -> bool:
    """Whether a request is to be slow in this step; if so, the test that waits for that is
    notified."""
    slow = request is not None and request.headers.get("Slow") == step
    if slow:
        Path(os.environ["SLOW_NOW"]).touch()
    return slow


@async_only_middleware
def slow_way_in(get_response: Callable[[HttpRequest], Awaitable[Any]]) -> Any:
    """A project's middleware that does something of its own first."""

    async def middleware(request: HttpRequest) -> Any:
        if is_slow(request, "way"):
            await asyncio.sleep(SLOW)
        return await get_response(request)

    return middleware


class SlowRevoker(Revoker):
    """Asks another service, say, in the middle of the ending; or the database goes away just then."""

    name = "slow"

    def revoke(self, ending: Ending) -> int:
        if is_slow(ending.request, "door"):
            time.sleep(SLOW)
        if is_slow(ending.request, "no database"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return 0


def slow_receiver(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Sends mail, say."""
    if is_slow(request, "receiver"):
        time.sleep(SLOW)


user_logged_out.connect(slow_receiver)


@csrf_exempt
async def leave(request: HttpRequest) -> HttpResponse:
    """A view of a project's own."""
    await alogout(request)
    return HttpResponse("left")


urlpatterns = [
    path("sync/", LogoutView.as_view(next_page="/")),
    path("async/", AsyncLogoutView.as_view(next_page="/")),
    path("leave/", leave),
    *site,
]
