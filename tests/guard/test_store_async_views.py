"""An asynchronous view uses ``request.session`` as synchronous code does, where Django allows it."""

from asyncio import gather
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Target, aend_sessions
from django_logout.models import LoginSession
from tests.clients import before_us, logged_in, logged_in_as
from tests.engines import ALL, LOCAL
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

#: Those that Django reads and writes without its database.
WITHOUT_DATABASE = [
    name for name in dict.fromkeys((*LOCAL, *ALL)) if name not in {"db", "cached_db"}
]


async def read(request: HttpRequest) -> HttpResponse:
    """Read the session without await."""
    return HttpResponse(request.session.get("cart", "empty"))


async def rotate(request: HttpRequest) -> HttpResponse:
    """Load, save, and give the session another key."""
    request.session["cart"] = "lamp"
    request.session.save()
    request.session.cycle_key()
    return HttpResponse(request.session["cart"])


async def empty(request: HttpRequest) -> HttpResponse:
    """Throw the session away."""
    request.session.flush()
    return HttpResponse("empty")


def asynchronous(client: Client) -> AsyncClient:
    """Return the same browser for asynchronous views."""
    found = AsyncClient()
    found.cookies = client.cookies
    return found


@pytest.mark.engines(*WITHOUT_DATABASE, "cached_db")
@pytest.mark.parametrize("client_of", [logged_in, before_us], ids=["registered", "from before"])
async def test_session_is_read(engine: str, user: Any, settings: Any, client_of: Any) -> None:
    """Although this package asks its row: nothing remembers that the session is active."""
    settings.ROOT_URLCONF = routes(read)
    client = await _in_thread(client_of, user)

    response = await asynchronous(client).get(OUT)

    assert (response.status_code, response.content) == (200, b"empty")


@pytest.mark.engines(*WITHOUT_DATABASE)
async def test_session_is_saved_and_its_key_rotated(engine: str, user: Any, settings: Any) -> None:
    """The row follows."""
    settings.ROOT_URLCONF = routes(rotate)
    client = asynchronous(await _in_thread(logged_in, user))

    assert (await client.get(OUT)).content == b"lamp"
    assert (await client.get("/")).content == b"user=ann"
    assert await LoginSession.objects.filter(ended_at=None).acount() == 1


@pytest.mark.engines(*WITHOUT_DATABASE)
async def test_session_is_flushed(engine: str, user: Any, settings: Any) -> None:
    """That is an ending."""
    settings.ROOT_URLCONF = routes(empty)
    client = asynchronous(await _in_thread(logged_in, user))

    assert (await client.get(OUT)).content == b"empty"
    assert (await LoginSession.objects.aget()).ended_at is not None


@pytest.mark.engines(*WITHOUT_DATABASE)
async def test_ended_session_is_refused(engine: str, user: Any, settings: Any) -> None:
    """The question is asked, and not left out."""
    settings.ROOT_URLCONF = routes(read)
    client = await _in_thread(logged_in, user)
    await _in_thread(_put_into_cart, client)
    await aend_sessions(Target.user(user))

    assert (await asynchronous(client).get(OUT)).content == b"empty"


async def test_what_django_refuses_is_an_error_that_says_so(
    ann: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The db engine queries the database, so a view has to await it. That is no outage."""
    settings.ROOT_URLCONF = routes(read)
    client = asynchronous(ann)
    client.raise_request_exception = False

    assert (await client.get(OUT)).status_code == 500
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        SynchronousOnlyOperation
    ]


async def _in_thread(function: Any, *args: Any) -> Any:
    return await sync_to_async(function)(*args)


def _put_into_cart(client: Client) -> None:
    session = client.session
    session["cart"] = "lamp"
    session.save()
    client.cookies["sessionid"] = session.session_key


async def use_at_once(request: HttpRequest) -> HttpResponse:
    """Ask for the user and write, in tasks that load the session at once."""
    await gather(*(request.session.aset(name, "lamp") for name in "abc"), request.auser())
    return HttpResponse(",".join([name for name in "abc" if await request.session.ahas_key(name)]))


async def test_tasks_that_load_the_session_at_once_keep_what_each_writes(
    engine: str, ann: Client, settings: Any
) -> None:
    """Django's own engine without a server loads it without waiting."""
    settings.ROOT_URLCONF = routes(use_at_once)
    response = await asynchronous(ann).get(OUT)
    assert response.content == b"a,b,c"
    assert await sync_to_async(logged_in_as)(ann) == "ann"
