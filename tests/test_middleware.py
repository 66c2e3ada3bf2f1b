"""The middleware: it costs nothing without a logout, and turns every error of ours into a
response."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client

from django_logout import Target, aend_sessions, end_sessions, logout
from django_logout.exceptions import SessionNotEnded, SessionUnavailable
from django_logout.guard import db_store
from django_logout.middleware import LogoutMiddleware
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import registry
from tests.clients import Page, copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def raising(error: Exception) -> Any:
    """A view in which something goes wrong."""

    def view(request: HttpRequest) -> HttpResponse:
        request.user.get_username()
        raise error

    return view


async def araising(request: HttpRequest) -> HttpResponse:
    """The same without a thread."""
    raise SessionUnavailable


def test_it_is_what_is_around_it() -> None:
    """Asynchronous if the rest is, so that nothing hops."""

    async def get_response(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(LogoutMiddleware(get_response))
    assert not iscoroutinefunction(LogoutMiddleware(lambda request: HttpResponse()))


@pytest.mark.parametrize("error", [SessionNotEnded(), SessionUnavailable()], ids=repr)
def test_our_errors_are_a_503_wherever_they_come_from(
    ann: Client, settings: Any, error: Exception
) -> None:
    """With the truth on the page, and the session as it was."""
    settings.ROOT_URLCONF = routes(raising(error))

    response = ann.get(OUT)

    assert response.status_code == 503
    assert "You may still be logged in" in Page(response).text
    assert "sessionid" not in response.cookies
    assert logged_in_as(ann) == "ann"


async def test_errors_are_a_503_under_asgi(user: Any, settings: Any) -> None:
    """The same page."""
    settings.ROOT_URLCONF = routes(araising)

    assert (await AsyncClient().get(OUT)).status_code == 503


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError("disk"), 503),
        (OperationalError("gone"), 503),
        (redis.exceptions.ConnectionError("refused"), 503),
        (TypeError("wrong"), 500),
        (LookupError("wrong"), 500),
        (ImproperlyConfigured("wrong"), 500),
    ],
    ids=repr,
)
def test_wrong_code_is_no_outage_and_the_log_has_the_cause(
    ann: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
) -> None:
    """An error while the session is loaded. "Try again" is said only where that may help."""

    def fail(*args: Any) -> Any:
        raise error

    ann.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(db_store, "read_row", fail)
        assert ann.get("/").status_code == status

    assert error in [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert logged_in_as(ann) == "ann"


def test_wrong_code_that_keeps_a_session_from_ending_is_in_the_log(
    ann: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that the user may still be logged in, which is so; the log says why."""
    error = TypeError("wrong")

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(registry, "end_rows", fail)
        assert ann.post("/accounts/logout/").status_code == 503

    assert error in [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert logged_in_as(ann) == "ann"


async def test_an_ending_that_has_to_be_awaited_says_so(ann: Client, user: Any) -> None:
    """It is a mistake of the caller, not of the site."""
    with pytest.raises(SynchronousOnlyOperation):
        end_sessions(Target.user(user))


@pytest.mark.parametrize("error", [UpdateError(), SessionInterrupted()], ids=repr)
def test_a_session_that_vanished_under_the_view_is_a_way_to_log_in_again(
    ann: Client, settings: Any, error: Exception
) -> None:
    """Instead of Django's 400. The cookie is left alone: another tab may have logged in with it."""
    settings.ROOT_URLCONF = routes(raising(error))

    response = ann.get(OUT + "?page=2")

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/out/%3Fpage%3D2"
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize("error", [UpdateError(), KeyError("other")], ids=repr)
def test_other_peoples_errors_are_left_alone(
    client: Client, settings: Any, error: Exception
) -> None:
    """Of a guest's session, or of no session at all."""
    settings.ROOT_URLCONF = routes(raising(error))

    with pytest.raises(type(error)):
        client.get(OUT)


def loads_early(get_response: Any) -> Any:
    """A project's middleware before ours that looks at the session, and at the user."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.session.get("theme")
        request.user.get_username()
        response: HttpResponse = get_response(request)
        return response

    return middleware


@pytest.fixture
def early(settings: Any) -> None:
    """Such a middleware is in use."""
    where = settings.MIDDLEWARE.index("django_logout.middleware.LogoutMiddleware")
    name = f"{__name__}.loads_early"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[:where], name, *settings.MIDDLEWARE[where:]]


def test_a_session_that_was_loaded_before_us_is_looked_at_again(
    engine: str, early: None, ann: Client, user: Any
) -> None:
    """Else an earlier middleware would serve a session that has ended."""
    assert logged_in_as(ann) == "ann"

    end_sessions(Target.user(user))

    assert logged_in_as(ann) == ""


async def test_a_session_loaded_by_an_earlier_middleware_is_checked_under_asgi(
    engine: str, early: None, user: Any
) -> None:
    """The check runs in a thread, because it may query the database."""
    client = AsyncClient()
    await client.aforce_login(user)
    assert (await client.get("/")).content == b"user=ann"

    await aend_sessions(Target.user(user))

    assert (await client.get("/")).content == b"user="


def test_a_logout_that_a_stream_rolls_back_is_done_again(
    engine: str, ann: Client, settings: Any
) -> None:
    """The response has left the middleware by then."""

    def view(request: HttpRequest) -> StreamingHttpResponse:
        def chunks() -> Iterator[str]:
            yield "a"
            with transaction.atomic():
                logout(request)
                transaction.set_rollback(True)
            yield "b"

        return StreamingHttpResponse(chunks())

    settings.ROOT_URLCONF = routes(view)
    thief = copy_of(ann)
    response = ann.get(OUT)
    assert b"".join(response.streaming_content) == b"ab"
    assert logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


async def test_an_asynchronous_stream_too(engine: str, user: Any, settings: Any) -> None:
    """Its transaction is in a thread."""

    def undo(request: HttpRequest) -> None:
        with transaction.atomic():
            logout(request)
            transaction.set_rollback(True)

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        async def chunks() -> AsyncIterator[str]:
            yield "a"
            await sync_to_async(undo)(request)
            yield "b"

        return StreamingHttpResponse(chunks())

    settings.ROOT_URLCONF = routes(view)
    client = AsyncClient()
    await client.aforce_login(user)
    response: Any = await client.get(OUT)
    assert [chunk async for chunk in response.streaming_content] == [b"a", b"b"]
    assert await LogoutEvent.objects.acount() == 1
    assert await LoginSession.objects.filter(ended_at=None).acount() == 0
