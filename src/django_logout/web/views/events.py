"""Tells the script of a page that the session has ended, in the moment it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.generic import View

from django_logout.decorators import exempt
from django_logout.enums import Reason
from django_logout.guard.install import guard
from django_logout.sessions.status import SessionStatus
from django_logout.web import replay_detection
from django_logout.web.streaming import aidentity_of, ended_event, until_logged_out

#: Seconds between two signs of life, for proxies that close what is silent.
HEARTBEAT = 15
#: Seconds between two questions, where there is no channel layer.
INTERVAL = 15.0


class EventsView(View):
    """Server-sent events: one, ``ended``, whose data are JSON with ``reason`` and ``login_url``.
    Under ASGI only, since a stream would take a worker of a WSGI server for itself; there, and
    where there is nothing to tell, the answer is 204, and browsers do not ask again. It is no
    activity of the user."""

    http_method_names = ["get", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """The view; whoever is not signed in is told so."""
        return exempt(never_cache(super().as_view(**initkwargs)))

    async def get(self, request: HttpRequest) -> HttpResponseBase:
        """Tell."""
        if not isinstance(request, ASGIRequest):
            return HttpResponse(status=204)
        if await aidentity_of(request) is not None:
            return _stream(until_logged_out(request, _silence(), interval=INTERVAL, events=True))
        if request.headers.get("Last-Event-ID") == "ended":
            return HttpResponse(status=204)
        reason = await sync_to_async(_why)(request)
        return _stream(_only(ended_event(request, SessionStatus(False, reason))))


async def _silence() -> AsyncIterator[str]:
    while True:
        yield ":\n\n"
        await asyncio.sleep(HEARTBEAT)


async def _only(event: str) -> AsyncIterator[str]:
    yield event


def _why(request: HttpRequest) -> str:
    return replay_detection.detect(request, guard(request.session)) or Reason.UNKNOWN


def _stream(events: Any) -> StreamingHttpResponse:
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"  # nginx
    return response
