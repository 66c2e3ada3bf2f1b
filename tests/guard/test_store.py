"""The guard on a session object: what it leaves alone, and what it does not let through."""

from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Reason, Target, end_sessions
from django_logout.guard.install import session_state
from django_logout.guard.store import GuardedStore
from django_logout.models import LoginSession
from django_logout.sessions import registry
from django_logout.sessions.identity import LOGIN_KEYS
from tests.clients import LOGOUT, logged_in_as
from tests.settings import ENGINES
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def store(key: str | None = None) -> Any:
    """A session object as the project's middleware makes it."""
    return import_module(django_settings.SESSION_ENGINE).SessionStore(key)


def logged_in_store(user: Any) -> Any:
    """Return the guarded session of a user who is logged in, not loaded yet."""
    client = Client()
    client.force_login(user)
    session = store(client.cookies["sessionid"].value)
    session_state(session)
    return session


def somebodys(key: str | None) -> bool:
    """Whether the engine holds a login under a key, guard or no guard."""
    return bool(key and set(LOGIN_KEYS) & set(store(key).keys()))


def test_what_is_saved_guarded_is_read_unguarded_and_the_other_way(engine: str) -> None:
    """The package can be taken out again: sessions stay what they were."""
    session = store()
    session_state(session)
    session["cart"] = ["car"]
    session.save()
    assert store(session.session_key)["cart"] == ["car"]
    plain = store()
    plain["cart"] = ["bus"]
    plain.save()
    again = store(plain.session_key)
    session_state(again)
    assert again["cart"] == ["bus"]


def test_guarding_twice_is_guarding_once(engine: str) -> None:
    """The second call takes no query."""
    session = store("k" * 32)
    state = session_state(session)
    assert session_state(session) is state
    assert isinstance(session, GuardedStore)
    assert "_session_cache" not in session.__dict__


def test_an_ended_session_reads_as_empty_cart_included(engine: str, user: Any) -> None:
    """Not only the user is gone: the other data are not readable either."""
    session = logged_in_store(user)
    session["cart"] = ["car"]
    session.save()
    key = session.session_key
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    again = store(key)
    session_state(again)
    assert dict(again.items()) == {}


def test_a_session_that_ended_meanwhile_cannot_be_saved(engine: str, user: Any) -> None:
    """It does not return as it was, and what is saved nevertheless is anonymous."""
    session = logged_in_store(user)
    session["count"] = 1
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    with pytest.raises(UpdateError):
        session.save()
    with suppress(UpdateError):
        session.save()
    assert not somebodys(session.session_key)


def test_login_keys_of_a_refused_session_are_not_saved_again(engine: str, user: Any) -> None:
    """A middleware that puts back what it has seen before puts back the rest only."""
    session = logged_in_store(user)
    before, key = dict(session.items()), session.session_key
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    again = store(key)
    session_state(again)
    again.update({**before, "cart": ["car"]})
    with suppress(UpdateError):  # where the engine has nothing left that could be refused
        again.save()
    assert not somebodys(again.session_key)


def test_a_key_can_be_rotated_in_the_event_loop(engine: str, user: Any) -> None:
    """Also with engines whose asynchronous methods are synchronous ones."""
    session = logged_in_store(user)

    async def rotate() -> None:
        await session.aget(SESSION_KEY)
        await session.acycle_key()
        await session.asave()

    before = session.session_key
    async_to_sync(rotate)()
    again = store(session.session_key)
    session_state(again)
    assert again[SESSION_KEY] == str(user.pk)
    if engine != "signed_cookies":
        assert session.session_key != before
        assert registry.ids_by_previous_key(before) == [session.identity.id]


def test_rotating_the_key_of_what_has_ended_brings_nothing_back(engine: str, user: Any) -> None:
    """Not even under a key that no ending has heard of."""
    session = logged_in_store(user)
    assert session[SESSION_KEY] == str(user.pk)
    end_sessions(Target.user(user), reason=Reason.ADMIN)
    with suppress(UpdateError):
        session.cycle_key()
    assert not somebodys(session.session_key)


async def test_what_was_saved_for_this_response_is_not_saved_again(
    user: Any, settings: Any
) -> None:
    """By a middleware further out that saves asynchronously; a new one is made for it as well."""
    settings.SESSION_ENGINE = ENGINES["db"]
    session = await sync_to_async(logged_in_store)(user)
    await session.aset("count", 1)
    await session.asave()
    session.modified, session.state.saved = False, True
    await store(session.session_key).adelete()
    await session.asave()  # or there would be nothing to update
    assert not await store().aexists(session.session_key)

    fresh = store()
    session_state(fresh)
    await fresh.acreate()
    assert await store().aexists(fresh.session_key)


def test_a_key_that_another_tab_has_rotated_is_looked_up_once(
    user: Any, django_assert_num_queries: Any
) -> None:
    """This tab has the previous key, and logs the same login out."""
    behind = logged_in_store(user)
    ahead = store(behind.session_key)
    session_state(ahead)
    ahead.cycle_key()
    ahead.save()
    known = [ahead.identity.id]
    assert behind.ids_to_end() == known
    with django_assert_num_queries(0):
        assert behind.ids_to_end() == known


def load_alone(request: HttpRequest) -> HttpResponse:
    """Read what is stored, past the object."""
    return HttpResponse(request.session.load()[SESSION_KEY])


def load_and_write(request: HttpRequest) -> HttpResponse:
    """Write the session then."""
    stored = request.session.load()
    request.session["lamp"] = 1
    return HttpResponse(stored[SESSION_KEY])


async def aload_alone(request: HttpRequest) -> HttpResponse:
    """Read what is stored, past the object."""
    return HttpResponse((await request.session.aload())[SESSION_KEY])


@pytest.mark.parametrize("view", [load_alone, load_and_write, aload_alone])
def test_view_that_loads_the_session_itself_stays_logged_in(
    engine: str, ann: Client, user: Any, settings: Any, view: Any
) -> None:
    """The object keeps nothing of it, which is no logout."""
    settings.ROOT_URLCONF = routes(view)
    assert ann.get(OUT).content == str(user.pk).encode()
    assert logged_in_as(ann) == "ann"
    ann.post(LOGOUT)
    assert logged_in_as(ann) == ""


@pytest.mark.parametrize("forget", ["flush", "delete", "clear"])
def test_view_that_loads_the_session_itself_and_forgets_it_logs_out(
    engine: str, ann: Client, settings: Any, forget: str
) -> None:
    """What it has loaded is known to end."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session.load()
        getattr(request.session, forget)()
        return HttpResponse("forgotten")

    settings.ROOT_URLCONF = routes(view)
    assert ann.get(OUT).content == b"forgotten"
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert logged_in_as(ann) == ""
