"""Logouts and logins that views write themselves, with the methods of the session."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions.identity import ID_KEY, is_code_login
from tests.clients import (
    OTHERS,
    before_us,
    copy_of,
    install_now,
    logged_in,
    logged_in_as,
    login_keys,
    unguarded_store,
)
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

View = Callable[[HttpRequest], Any]


@pytest.fixture
def visit(settings: Any) -> Any:
    """Run a view in a request of a client, and return the response."""

    def run(client: Client, view: View) -> Any:
        settings.ROOT_URLCONF = routes(lambda request: HttpResponse(view(request) or "done"))
        response = client.get(OUT)
        assert response.status_code == 200
        return response

    return run


def reasons() -> list[str]:
    """Why sessions have ended."""
    return list(LogoutEvent.objects.values_list("reason", flat=True))


def rebuild(request: HttpRequest) -> None:
    """Keep what Django needs and nothing else."""
    keys = (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
    kept = {key: request.session[key] for key in keys}
    request.session.clear()
    request.session.update(kept)


def delete_others(request: HttpRequest) -> None:
    """The same, key by key."""
    for key in set(request.session.keys()) - {SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY}:
        del request.session[key]


@pytest.mark.parametrize("view", [rebuild, delete_others])
def test_login_that_is_kept_is_the_same_login(
    engine: str, user: Any, visit: Any, view: View
) -> None:
    """It has its row, and its start: a timeout counts on."""
    client = logged_in(user)
    before = LoginSession.objects.get()
    visit(client, view)
    assert logged_in_as(client) == "ann"
    row = LoginSession.objects.get()
    assert (row.pk, row.ended_at, row.authenticated_at) == (
        before.pk,
        None,
        before.authenticated_at,
    )
    thief = copy_of(client)
    end_sessions(Target.user(user))
    assert logged_in_as(thief) == ""


LOGOUTS: list[View] = [
    lambda request: request.session.pop(SESSION_KEY) and None,
    lambda request: request.session.pop(BACKEND_SESSION_KEY) and None,
    lambda request: request.session.pop(HASH_SESSION_KEY) and None,
    lambda request: [request.session.pop(key) for key in list(request.session.keys())] and None,
    lambda request: request.session.clear(),
    lambda request: request.session.delete(),
    lambda request: request.session.flush(),
    lambda request: setattr(request, "session", type(request.session)()),
]
NAMES = ["user", "backend", "hash", "every key", "clear", "delete", "flush", "replace"]


@pytest.mark.parametrize("view", LOGOUTS, ids=NAMES)
@pytest.mark.parametrize("read", [True, False], ids=["read", "unread"])
def test_logout_by_hand_is_an_ending(
    engine: str, user: Any, visit: Any, view: View, read: bool
) -> None:
    """Whether or not anything has been read before; a copy of the cookie is refused."""
    client = logged_in(user)
    thief = copy_of(client)

    def act(request: HttpRequest) -> Any:
        if read:
            assert request.session[SESSION_KEY] == str(user.pk)
        return view(request)

    visit(client, act)
    assert not LoginSession.objects.filter(ended_at=None).exists()
    assert reasons() == ["flushed"]
    assert logged_in_as(client) == logged_in_as(thief) == ""


@pytest.mark.parametrize("key", [SESSION_KEY, BACKEND_SESSION_KEY])
def test_what_is_left_in_the_session_stays(engine: str, user: Any, visit: Any, key: str) -> None:
    """The cart is the visitor's, not the user's; the copy of the cookie does not have it."""
    client = logged_in(user)
    visit(client, lambda request: request.session.update({"cart": "lamp"}))
    thief = copy_of(client)
    visit(client, lambda request: request.session.pop(key) and None)
    assert visit(client, lambda request: request.session.get("cart", "empty")).content == b"lamp"
    assert visit(thief, lambda request: request.session.get("cart", "empty")).content == b"empty"


def test_django_logout_of_an_anonymous_request(engine: str, user: Any, visit: Any) -> None:
    """The cookie says who is logged out, whatever the request's user is."""
    client = logged_in(user)

    def view(request: HttpRequest) -> None:
        request.user = AnonymousUser()
        logout(request)

    visit(client, view)
    assert reasons() == ["user"]


def test_django_logout_of_a_stored_session(engine: str, user: Any) -> None:
    """By a request that code has made for it."""
    client = logged_in(user)
    request = HttpRequest()
    request.session = client.session
    logout(request)
    assert logged_in_as(client) == ""
    assert reasons() == ["user"]


def test_another_user_written_into_the_session(
    engine: str, user: Any, other: Any, visit: Any
) -> None:
    """The first one's session ends, and the second one's has a row of its own."""
    client = logged_in(user)
    thief = copy_of(client)
    visit(client, lambda request: request.session.update(login_keys(other)))
    assert logged_in_as(client) == "bob"
    assert logged_in_as(thief) == ""
    assert reasons() == ["switched"]
    assert LoginSession.objects.get(ended_at=None).user == other


@pytest.mark.parametrize("save", [True, False])
def test_login_made_by_code(
    engine: str, user: Any, other: Any, visit: Any, settings: Any, save: bool
) -> None:
    """It begins now, counts against no limit, and may not end other sessions."""
    settings.LOGOUT = {"MAX_SESSIONS": 1, "ON_MAX_SESSIONS": "refuse"}
    logged_in(user)
    client = Client()

    def view(request: HttpRequest) -> None:
        request.session.update(login_keys(user))
        if save:
            request.session.save()

    visit(client, view)
    assert logged_in_as(client) == "ann"
    row = LoginSession.objects.latest("created_at")
    assert is_code_login(row.pk)
    assert row.expires_at > row.created_at == row.authenticated_at
    assert client.post(OTHERS).status_code != 200
    assert LoginSession.objects.filter(ended_at=None).count() == 2


def test_login_made_by_code_after_everything_was_ended(engine: str, user: Any) -> None:
    """In a task or a test; it ends like any other."""
    logged_in(user)
    end_sessions(Target.user(user))
    client = Client()
    session = client.session
    session.update(login_keys(user))
    session.save()
    client.cookies["sessionid"] = session.session_key
    assert logged_in_as(client) == "ann"
    end_sessions(Target.user(user))
    assert logged_in_as(client) == ""


def test_login_made_by_code_of_nobody(engine: str, user: Any) -> None:
    """Django serves no one by it, and it has no row."""
    for user_id in ("4711", "no key"):
        session = Client().session
        session.update({**login_keys(user), SESSION_KEY: user_id})
        session.save()
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("started", ["nan", float("inf"), 1e308, -1, None, [], 4e9])
def test_no_start_evades_a_cutoff(engine: str, user: Any, started: Any) -> None:
    """Where an application lets its users write session data."""
    client = logged_in(user)
    session = unguarded_store(client.cookies["sessionid"].value)
    session["_django_logout_begun"] = started
    session.save()
    client.cookies["sessionid"] = session.session_key
    client.get("/")
    end_sessions(Target.everyone())
    assert logged_in_as(client) == ""


@pytest.mark.parametrize("claim", [[], {}, 7, ""])
def test_no_id_is_an_error(engine: str, user: Any, settings: Any, claim: Any) -> None:
    """A session with a claim of no meaning is refused."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session[ID_KEY] = claim
        return HttpResponse()

    client = logged_in(user)
    settings.ROOT_URLCONF = routes(view)
    assert client.get(OUT).url.startswith("/login/")
    assert client.get("/").status_code == 200


def test_adopted_session_ends_for_good(engine: str, user: Any, settings: Any) -> None:
    """A late write of its data is refused when the secret key has been changed, too."""
    client = before_us(user)
    store = unguarded_store(client.cookies["sessionid"].value)
    data = dict(store.items())
    assert logged_in_as(client) == "ann"
    end_sessions(Target.session(LoginSession.objects.get().pk))
    LogoutEvent.objects.all().delete()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"
    if engine != "signed_cookies":
        store = unguarded_store()
        store._session_key, store._session_cache = client.cookies["sessionid"].value, data
        store.save(must_create=engine in {"db", "cached_db"})
        install_now()
    thief = copy_of(client)
    assert logged_in_as(thief) == ""
