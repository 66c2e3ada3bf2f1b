"""Streams, and views for every way to end sessions, beside the URLs of the test project."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from django.contrib.auth import get_user_model, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import RequestContext, Template
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from django_logout import Reason, Target, end_sessions, logout
from django_logout.streams import astill_logged_in, still_logged_in, until_logged_out
from tests.urls import urlpatterns as ours


def change_password(request: Any) -> None:
    """Change the password as Django's own view does it."""
    request.user.set_password("new")
    request.user.save()
    update_session_auth_hash(request, request.user)


def disable(request: Any) -> None:
    """Disable the user as the admin's form does it."""
    request.user.is_active = False
    request.user.save()


def end_by_admin(request: Any) -> None:
    """End all of ann's sessions as an administrator."""
    end_sessions(Target.user(get_user_model().objects.get(username="ann")), reason=Reason.ADMIN)


DEEDS: dict[str, Callable[[Any], Any]] = {
    "here": logout,
    "everywhere": lambda request: logout(request, everywhere=True),
    "others": lambda request: end_sessions(Target.others(request), request=request),
    "everyone": lambda request: end_sessions(Target.everyone(), request=request),
    "password": change_password,
    "disable": disable,
    "delete": lambda request: request.user.delete(),
    "admin": end_by_admin,
}


@csrf_exempt
def do(request: HttpRequest, deed: str) -> HttpResponse:
    """Run one of ``DEEDS``."""
    result = DEEDS[deed](request)
    return HttpResponse(json.dumps({"complete": getattr(result, "complete", None)}))


@csrf_exempt
def new(request: HttpRequest, name: str) -> HttpResponse:
    """Create a user whose password is the name."""
    if not get_user_model().objects.filter(username=name).exists():
        get_user_model().objects.create_user(username=name, password=name)
    return HttpResponse()


def page(request: HttpRequest) -> HttpResponse:
    """Return a page that learns of an ending from its events only."""
    text = (
        "<!doctype html>{% load logout %}<title>Page</title>{% url 'logout_events' as url %}"
        "{% logout_script poll=0 events=url %}<p>private"
    )
    return HttpResponse(Template(text).render(RequestContext(request)))


async def count() -> AsyncIterator[str]:
    """Yield server-sent events for ever."""
    for number in range(10_000):
        yield f"data: {number}\n\n"
        await asyncio.sleep(0.02)


async def events(request: HttpRequest) -> StreamingHttpResponse:
    """Return a stream that stops when the session ends."""
    return _stream(until_logged_out(request, count(), interval=3600, events=True))


async def polled(request: HttpRequest) -> StreamingHttpResponse:
    """Return a stream that checks the session itself."""

    async def chunks() -> AsyncIterator[str]:
        async for chunk in count():
            if not await astill_logged_in(request):
                return
            yield chunk

    return _stream(chunks())


def sync_events(request: HttpRequest) -> StreamingHttpResponse:
    """Return a stream that stops when the session ends, in a thread."""

    def chunks() -> Iterator[str]:
        for number in range(10_000):
            yield f"data: {number}\n\n"
            time.sleep(0.02)

    return _stream(until_logged_out(request, chunks(), interval=0.1, events=True))


def sync_polled(request: HttpRequest) -> StreamingHttpResponse:
    """Return a stream that checks the session itself, in a thread."""

    def chunks() -> Iterator[str]:
        while still_logged_in(request):
            yield "data: 1\n\n"
            time.sleep(0.02)

    return _stream(chunks())


def _stream(chunks: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks, content_type="text/event-stream")


urlpatterns = [
    path("do/<str:deed>/", do),
    path("new/<str:name>/", new),
    path("page/", page),
    path("events/", events),
    path("polled/", polled),
    path("sync-events/", sync_events),
    path("sync-polled/", sync_polled),
    *ours,
]
