"""Tell the script of a page at once that its session has ended."""

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
from django_logout.guard.install import state_of
from django_logout.sessions.status import SessionStatus
from django_logout.web import replay_detection
from django_logout.web.streaming import aidentity_of, ended_event, until_logged_out

CONTENT_TYPE = "text/event-stream"
#: Seconds between two comments in the stream. Some proxies close a silent connection.
HEARTBEAT = 15
#: Seconds between two checks of the session, if there is no channel layer.
INTERVAL = 15.0


class EventsView(View):
    """Send one server-sent event, ``ended``, whose data are JSON with ``reason`` and ``login_url``.

    This needs ASGI, because a stream would occupy a worker of a WSGI server. Under WSGI, and when
    there is nothing to tell, the response is 204, after which browsers do not reconnect. The stream
    does not count as activity.
    """

    http_method_names = ["get", "options"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view. Anonymous clients may call it: they learn that they are logged out."""
        return exempt(never_cache(super().as_view(**initkwargs)))

    async def get(self, request: HttpRequest) -> HttpResponseBase:
        """Stream the event as soon as the session ends, or now if it has ended already."""
        if not isinstance(request, ASGIRequest):
            return HttpResponse(status=204)
        if await aidentity_of(request) is None:
            if request.headers.get("Last-Event-ID") == "ended":
                return HttpResponse(status=204)
            state = state_of(request)
            reason = await sync_to_async(replay_detection.detect_replay)(request, state)
            status = SessionStatus(False, reason or Reason.UNKNOWN)
            return HttpResponse(ended_event(request, status), content_type=CONTENT_TYPE)
        events = until_logged_out(request, _heartbeats(), interval=INTERVAL, events=True)
        response = StreamingHttpResponse(events, content_type=CONTENT_TYPE)
        response["X-Accel-Buffering"] = "no"  # Otherwise nginx holds events back.
        return response


async def _heartbeats() -> AsyncIterator[str]:
    while True:
        yield ":\n\n"
        await asyncio.sleep(HEARTBEAT)
