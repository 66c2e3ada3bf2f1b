"""The guard in front of an engine that loads and saves in coroutines of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.guard.install import session_state
from django_logout.sessions import engines
from tests import native_async_engine
from tests.backends import cache_from_url
from tests.clients import logged_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client_of_ann(user: Any, settings: Any) -> Iterator[Client]:
    """Return a client that is logged in on that engine, with a cache that counts as shared."""
    settings.SESSION_ENGINE = "tests.native_async_engine"
    settings.CACHES = {"default": cache_from_url("shared://")}
    client = logged_in(user)
    native_async_engine.awaited.clear()
    yield client
    native_async_engine.awaited.clear()


def opened(client: Client) -> Any:
    """Return the guarded session of the client's cookie, not loaded yet."""
    store = native_async_engine.SessionStore(client.cookies["sessionid"].value)
    session_state(store)
    return store


async def test_its_own_coroutines_load_and_save(client_of_ann: Client, user: Any) -> None:
    """What such an engine gains by them is not lost."""
    assert engines.current_engine().native_async
    session = await sync_to_async(opened)(client_of_ann)
    assert await session.aget(SESSION_KEY) == str(user.pk)
    await session.aset("cart", ["car"])
    await session.asave()
    assert native_async_engine.awaited == ["aload", "asave"]
    assert await (await sync_to_async(opened)(client_of_ann)).aget("cart") == ["car"]


async def test_an_ended_session_is_not_loaded(client_of_ann: Client, user: Any) -> None:
    """Neither its login nor its other data."""
    session = await sync_to_async(opened)(client_of_ann)
    await session.aset("cart", ["car"])
    await session.asave()
    await sync_to_async(end_sessions)(Target.user(user))
    again = await sync_to_async(opened)(client_of_ann)
    assert await again.aget(SESSION_KEY) is None
    assert await again.aget("cart") is None


async def test_a_late_save_does_not_restore_an_ended_session(
    client_of_ann: Client, user: Any
) -> None:
    """The session ends between load and save."""
    session = await sync_to_async(opened)(client_of_ann)
    await session.aset("cart", ["car"])
    await sync_to_async(end_sessions)(Target.user(user))
    with pytest.raises(UpdateError):
        await session.asave()
    plain = native_async_engine.SessionStore(client_of_ann.cookies["sessionid"].value)
    assert await plain.aload() == {}


async def test_a_session_that_has_not_changed_is_not_saved_for_a_poll(
    client_of_ann: Client, rf: Any, settings: Any
) -> None:
    """A request that the page makes by itself lengthens no session's life."""
    settings.LOGOUT = {"PASSIVE_URLS": ["/poll/"]}
    session = native_async_engine.SessionStore(client_of_ann.cookies["sessionid"].value)
    await sync_to_async(session_state)(session, request=rf.get("/poll/"))
    await session.aload()
    await session.asave()
    assert "asave" not in native_async_engine.awaited
