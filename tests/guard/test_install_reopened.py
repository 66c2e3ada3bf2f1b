"""Sessions that are opened anew in the middle of a request, ``request.session.__class__(key)``.

mozilla-django-oidc does so at each login, allauth at each login with a social account.
"""

import pickle
from collections.abc import Callable
from contextlib import suppress
from copy import copy, deepcopy
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY, aget_user, alogin, alogout, login, logout
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Reason, Target, end_sessions
from django_logout.guard.install import session_state
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import BACKEND, copy_of, logged_in_as
from tests.timeouts import reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def reopen(request: HttpRequest, key: str | None = None) -> Any:
    """Open the request's session anew as libraries do, by its current key or another one."""
    request.session = type(request.session)(key or request.session.session_key)
    return request.session


@pytest.fixture
def get(user: Any, settings: Any) -> Callable[..., HttpResponse]:
    """Serve one request of a client by a view that does what it is given."""

    def get(client: Client, act: Callable[[HttpRequest], Any]) -> HttpResponse:
        settings.ROOT_URLCONF = routes(lambda request: HttpResponse(str(act(request))))
        return client.get(OUT)

    return get


def living() -> list[str]:
    """Names of the users whose sessions are active."""
    rows = LoginSession.objects.filter(ended_at=None).order_by("created_at")
    return [row.user.get_username() for row in rows.select_related("user")]


def end_elsewhere(user: Any) -> None:
    """End the user's sessions, as a request of another browser does."""
    end_sessions(Target.user(user), reason=Reason.ADMIN)


def test_it_holds_what_was_saved(engine: str, get: Any) -> None:
    """So it is for guests."""

    def act(request: HttpRequest) -> Any:
        request.session["cart"] = ["car"]
        request.session.save()
        return reopen(request)["cart"]

    assert get(Client(), act).content == b"['car']"


def test_its_user_stays_logged_in(engine: str, get: Any, ann: Client) -> None:
    """Opened twice, as where one library calls another."""

    def act(request: HttpRequest) -> Any:
        request.session["state"] = "x"
        request.session.save()
        reopen(request)
        return reopen(request).get("state"), request.user.get_username()

    assert get(ann, act).content == b"('x', 'ann')"
    assert (living(), reasons()) == (["ann"], [])


def test_one_that_is_not_looked_at_goes_on(engine: str, get: Any, ann: Client) -> None:
    """The earlier object has seen the login, the later one nothing."""

    def act(request: HttpRequest) -> Any:
        request.user.is_authenticated  # noqa: B018
        reopen(request)

    assert "Cookie" in get(ann, act)["Vary"]
    assert (logged_in_as(ann), living(), reasons()) == ("ann", ["ann"], [])


def test_unread_reopened_session_takes_no_query(
    ann: Client, get: Any, django_assert_num_queries: Any
) -> None:
    """As if it had not been opened anew."""
    with django_assert_num_queries(0):
        assert not get(ann, reopen).has_header("Vary")


def test_another_session_in_its_place(engine: str, get: Any, ann: Client, other: Any) -> None:
    """Both sessions go on, since this one was opened by the key of another."""
    bob = Client()
    bob.force_login(other)
    key = bob.cookies["sessionid"].value

    def act(request: HttpRequest) -> Any:
        request.user.is_authenticated  # noqa: B018
        return reopen(request, key)[SESSION_KEY] == str(other.pk)

    assert get(ann, act).content == b"True"
    assert (sorted(living()), reasons()) == (["ann", "bob"], [])


def test_one_that_is_used_beside_the_requests_own(engine: str, get: Any, ann: Client) -> None:
    """It is guarded, and the session of the request goes on."""

    def act(request: HttpRequest) -> Any:
        beside = type(request.session)(request.session.session_key)
        beside["cart"] = ["car"]
        beside.save()
        return beside[SESSION_KEY] == str(request.user.pk)

    assert get(ann, act).content == b"True"
    assert (logged_in_as(ann), living(), reasons()) == ("ann", ["ann"], [])


def test_a_session_that_is_made_beside_is_another_one(
    engine: str, get: Any, other: Any, user: Any
) -> None:
    """A session for another device, say, begun by a guest's request."""
    made = []

    def act(request: HttpRequest) -> Any:
        beside = type(request.session)()
        guest, request.session = request.session, beside
        login(request, other, BACKEND)
        request.session.save()
        made.append(beside.session_key)
        request.session = guest

    get(Client(), act)
    device = Client()
    device.cookies["sessionid"] = made[0]
    assert (logged_in_as(device), living(), reasons()) == ("bob", ["bob"], [])


@pytest.mark.parametrize("leave", [logout, lambda request: request.session.flush()])
def test_leaving_it_ends_it(engine: str, get: Any, ann: Client, leave: Any) -> None:
    """For copies of its cookie too."""
    thief = copy_of(ann)
    get(ann, lambda request: (reopen(request), leave(request)))
    assert (logged_in_as(ann), logged_in_as(thief), living()) == ("", "", [])
    assert reasons() == [Reason.USER if leave is logout else Reason.FLUSHED]


@pytest.mark.parametrize("by_old_key", [True, False])
def test_a_logout_before_it_is_opened_anew(
    engine: str, get: Any, ann: Client, by_old_key: bool
) -> None:
    """The old key opens nothing any more, not even where the cookie is the session."""
    thief = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        key = request.session.session_key
        logout(request)
        return reopen(request, key if by_old_key else None).get(SESSION_KEY)

    assert get(ann, act).content == b"None"
    assert (logged_in_as(thief), living(), reasons()) == ("", [], [Reason.USER])


def test_a_flush_before_it_is_opened_anew(engine: str, get: Any, ann: Client) -> None:
    """The earlier object has let go of the session, and the later one has no key."""
    thief = copy_of(ann)
    get(ann, lambda request: (request.session.flush(), reopen(request)))
    assert (logged_in_as(thief), living(), reasons()) == ("", [], [Reason.FLUSHED])


@pytest.mark.parametrize("by_old_key", [True, False])
def test_a_logout_that_is_rolled_back_is_done_again(
    engine: str, get: Any, ann: Client, by_old_key: bool
) -> None:
    """Although the object that has seen it is gone."""
    thief = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        key = request.session.session_key
        with suppress(OSError), transaction.atomic():
            logout(request)
            raise OSError
        reopen(request, key if by_old_key else None)

    get(ann, act)
    assert (logged_in_as(thief), living(), reasons()) == ("", [], [Reason.USER])


def test_it_is_opened_anew_twice(engine: str, get: Any, ann: Client) -> None:
    """What the object in the middle has seen counts, too."""
    thief = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        key = reopen(request).session_key
        with suppress(OSError), transaction.atomic():
            logout(request)
            raise OSError
        reopen(request, key)

    get(ann, act)
    assert (logged_in_as(thief), living(), reasons()) == ("", [], [Reason.USER])


def test_the_cookie_of_an_ended_session_is_recognized(
    engine: str, get: Any, ann: Client, user: Any
) -> None:
    """Although the session that is opened anew is a guest's."""
    end_elsewhere(user)

    def act(request: HttpRequest) -> Any:
        request.session["state"] = "x"
        request.session.save()
        return reopen(request)["state"]

    assert get(ann, act).content == b"x"
    assert LoginSession.objects.get().notified_at is not None


def test_what_the_browser_is_to_forget(engine: str, get: Any, ann: Client, settings: Any) -> None:
    """The answer to a logout says so, whatever is opened after it."""
    settings.LOGOUT = {"CLEAR_SITE_DATA": ["cache"]}
    settings.ROOT_URLCONF = routes(
        lambda request: (logout(request), reopen(request), HttpResponse())[-1]
    )
    response = ann.post(OUT, headers={"sec-fetch-site": "same-origin"})
    assert response["Clear-Site-Data"] == '"cache"'
    assert response.cookies["sessionid"].value == ""


def test_a_page_that_showed_the_session_is_not_kept(
    engine: str, get: Any, ann: Client, settings: Any
) -> None:
    """``NO_STORE`` looks at what the earlier object and the later one have shown."""
    settings.LOGOUT = {"NO_STORE": True}
    before = get(ann, lambda request: (request.user.pk, reopen(request)))
    after = get(ann, lambda request: reopen(request).get(SESSION_KEY))
    assert "no-store" in before["Cache-Control"]
    assert "no-store" in after["Cache-Control"]


def test_a_key_that_is_rotated_before(engine: str, get: Any, ann: Client) -> None:
    """The session is the same one."""

    def act(request: HttpRequest) -> Any:
        request.session.cycle_key()
        reopen(request).modified = True

    get(ann, act)
    assert (logged_in_as(ann), living(), reasons()) == ("ann", ["ann"], [])
    get(ann, logout)
    assert (living(), reasons()) == ([], [Reason.USER])


def test_a_key_that_is_rotated_after(engine: str, get: Any, ann: Client) -> None:
    """The same."""
    get(ann, lambda request: (request.user.pk, reopen(request).cycle_key()))
    assert (logged_in_as(ann), living(), reasons()) == ("ann", ["ann"], [])


def test_a_key_that_another_tab_rotates_meanwhile(engine: str, get: Any, ann: Client) -> None:
    """The other tab goes on: this request has not let go of the session."""
    tab = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        request.user.is_authenticated  # noqa: B018
        inner = django_settings.ROOT_URLCONF
        get(tab, lambda request: request.session.cycle_key())
        django_settings.ROOT_URLCONF = inner
        reopen(request)
        return request.session.get("x")

    get(ann, act)
    assert (logged_in_as(tab), living(), reasons()) == ("ann", ["ann"], [])


def test_a_login_after_it(engine: str, get: Any, user: Any) -> None:
    """The callback of OpenID Connect."""

    def act(request: HttpRequest) -> Any:
        request.session["oidc_states"] = {}
        request.session.save()
        reopen(request)
        login(request, user, BACKEND)

    client = Client()
    get(client, act)
    assert (logged_in_as(client), living(), reasons()) == ("ann", ["ann"], [])


def test_a_login_as_another_user_after_it(engine: str, get: Any, ann: Client, other: Any) -> None:
    """It ends the session that it takes the place of."""
    thief = copy_of(ann)
    get(ann, lambda request: (request.user.pk, reopen(request), login(request, other, BACKEND)))
    assert (logged_in_as(ann), logged_in_as(thief)) == ("bob", "")
    assert (living(), reasons()) == (["bob"], [Reason.SWITCHED])


@pytest.mark.parametrize("saved", [True, False])
def test_a_login_before_it(engine: str, get: Any, ann: Client, other: Any, saved: bool) -> None:
    """A login that was not saved has not happened, and does not count as a session."""
    thief = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        login(request, other, BACKEND)
        if saved:
            request.session.save()
        reopen(request).modified = True

    get(ann, act)
    assert (logged_in_as(ann), logged_in_as(thief)) == ("bob" if saved else "", "")
    assert living() == (["bob"] if saved else [])


def test_it_has_ended_before_it_is_opened_anew(
    engine: str, get: Any, ann: Client, user: Any
) -> None:
    """It is refused, and saving it brings nothing back."""

    def act(request: HttpRequest) -> Any:
        request.session["cart"] = ["car"]
        request.session.save()
        end_elsewhere(user)
        session = reopen(request)
        session["seen"] = "x"
        session.save()
        return session.get(SESSION_KEY), session.get("cart")

    assert get(ann, act).content == b"(None, None)"
    assert (logged_in_as(ann), living(), reasons()) == ("", [], [Reason.ADMIN])


@pytest.mark.parametrize("in_view", [True, False])
def test_it_ends_after_it_is_opened_anew(
    engine: str, get: Any, ann: Client, user: Any, in_view: bool
) -> None:
    """It cannot be saved, in the view or after it; and the response says what has happened."""
    thief = copy_of(ann)

    def act(request: HttpRequest) -> Any:
        session = reopen(request)
        session["cart"] = ["car"]
        end_elsewhere(user)
        if in_view:
            session.save()

    response = get(ann, act)
    assert response.status_code == 302
    assert (logged_in_as(ann), logged_in_as(thief), living()) == ("", "", [])
    assert reasons() == [Reason.ADMIN]


@pytest.fixture
def aget(settings: Any) -> Any:
    """Serve one request by an async view that does what it is given."""

    async def aget(client: AsyncClient, act: Callable[[HttpRequest], Any]) -> HttpResponse:
        async def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(str(await act(request)))

        settings.ROOT_URLCONF = routes(view)
        return await client.get(OUT)

    return aget


async def aann(user: Any) -> AsyncClient:
    """A browser in which Ann is logged in."""
    client = AsyncClient()
    await client.aforce_login(user)
    return client


async def aliving() -> list[str]:
    """Names of the users whose sessions are active."""
    rows = LoginSession.objects.filter(ended_at=None).select_related("user")
    return [row.user.get_username() async for row in rows]


async def areasons() -> list[str]:
    """Why sessions have ended."""
    return [event.reason async for event in LogoutEvent.objects.order_by("created_at")]


async def test_a_login_after_it_in_the_event_loop(engine: str, aget: Any, user: Any) -> None:
    """The callback of OpenID Connect."""

    async def act(request: HttpRequest) -> Any:
        await request.session.aset("oidc_states", {})
        await request.session.asave()
        session = reopen(request)
        found = await session.aget("oidc_states")
        await alogin(request, user, BACKEND)
        return found

    client = AsyncClient()
    assert (await aget(client, act)).content == b"{}"
    assert (await aliving(), await areasons()) == (["ann"], [])

    async def who(request: HttpRequest) -> Any:
        return (await aget_user(request)).get_username()

    assert (await aget(client, who)).content == b"ann"


@pytest.mark.parametrize("first", [True, False])
async def test_a_logout_in_the_event_loop(engine: str, aget: Any, user: Any, first: bool) -> None:
    """Before it is opened anew, or after."""
    client = await aann(user)
    thief = copy_of(client)

    async def act(request: HttpRequest) -> Any:
        key = request.session.session_key
        if first:
            await alogout(request)
        session = reopen(request, key)
        found = await session.aget(SESSION_KEY)
        if not first:
            await alogout(request)
        return found is None

    assert (await aget(client, act)).content == str(first).encode()
    assert (await aliving(), await areasons()) == ([], [Reason.USER])

    async def who(request: HttpRequest) -> Any:
        return (await aget_user(request)).get_username()

    assert (await aget(thief, who)).content == b""


async def test_it_ends_meanwhile_in_the_event_loop(engine: str, aget: Any, user: Any) -> None:
    """It is refused when it is opened anew."""
    client = await aann(user)

    async def act(request: HttpRequest) -> Any:
        before = await request.session.aget(SESSION_KEY)
        await sync_to_async(end_elsewhere)(user)
        return before == str(user.pk), await reopen(request).aget(SESSION_KEY)

    assert (await aget(client, act)).content == b"(True, None)"
    assert (await aliving(), await areasons()) == ([], [Reason.ADMIN])


def store(key: str | None) -> Any:
    """A session object as the project's middleware makes it."""
    return import_module(django_settings.SESSION_ENGINE).SessionStore(key)


def guarded_class() -> Any:
    """The class that a guarded session has."""
    session = store(None)
    session_state(session)
    return type(session)


def test_without_a_request(engine: str, ann: Client, user: Any) -> None:
    """In a task, say: what is active is served, what has ended is neither served nor revived."""
    key = ann.cookies["sessionid"].value
    session = guarded_class()(key)
    assert session[SESSION_KEY] == str(user.pk)
    session["cart"] = ["car"]
    session.save()
    key, late = session.session_key, guarded_class()(session.session_key)
    late["cart"] = []
    end_elsewhere(user)
    assert dict(guarded_class()(key).items()) == {}
    with suppress(UpdateError):
        late.save()
    again = guarded_class()(key)
    again["seen"] = "x"
    with suppress(UpdateError):
        again.save()
    for left in (key, late.session_key, again.session_key):
        assert SESSION_KEY not in guarded_class()(left)


def test_a_key_that_no_engine_has(engine: str, get: Any) -> None:
    """PostgreSQL refuses to be asked for it."""
    response = get(Client(), lambda request: reopen(request, "a" * 9 + "\x00").session_key)
    assert response.content == b"None"


@pytest.mark.parametrize("copied", [copy, deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies(user: Any, ann: Client, get: Any, copied: Any) -> None:
    """They are the engine's own objects, and guarded once they are the request's."""

    def act(request: HttpRequest) -> Any:
        request.user.is_authenticated  # noqa: B018
        request.session = copied(request.session)
        request.session["cart"] = ["car"]
        return type(request.session) is type(store(None))

    assert get(ann, act).content == b"True"
    assert (logged_in_as(ann), living(), reasons()) == ("ann", ["ann"], [])

    def leave(request: HttpRequest) -> Any:
        request.user.is_authenticated  # noqa: B018
        request.session = copied(request.session)
        logout(request)

    get(ann, leave)
    assert (logged_in_as(ann), living(), reasons()) == ("", [], [Reason.USER])
