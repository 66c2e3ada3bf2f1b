"""F14: a browser can send two cookies of the session's name (another path, a parent domain, one
tossed by a sibling subdomain). Logging out ended one of them; the other account appeared."""

import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import pytest
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import engines
from tests.backends import cache_from_url
from tests.clients import EVERYWHERE, JSON, LOGOUT, before_us, logged_in, logged_in_as
from tests.query_counts import Cost, cost, counted
from tests.timeouts import another_process
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def key_of(account: Any) -> str:
    """The cookie of a new login."""
    client = Client()
    client.force_login(account)
    client.get("/write/")
    return str(client.cookies["sessionid"].value)


def holder(key: str) -> str:
    """Whom a cookie is served as."""
    client = Client()
    client.cookies["sessionid"] = key
    return logged_in_as(client)


def send(url: str, cookies: str) -> Any:
    """A POST with a Cookie header as it comes over the wire."""
    return Client(HTTP_COOKIE=cookies).post(url)


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
@pytest.mark.parametrize("first", [True, False])
def test_all_that_the_browser_presents_are_ended(
    engine: str, user: Any, other: Any, url: str, first: bool
) -> None:
    """Whichever of them Django reads, on every engine, by our view and by Django's function."""
    keys = [key_of(user), key_of(other)]

    send(url, "; ".join(f"sessionid={key}" for key in (keys if first else keys[::-1])))

    assert [holder(key) for key in keys] == ["", ""]
    assert LogoutEvent.objects.get().sessions == 2


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_dead_cookie_in_front_does_not_save_an_active_session(
    user: Any, client: Client, url: str
) -> None:
    """A dead cookie in front of a living one must not save it."""
    key = key_of(user)

    send(url, f"sessionid={key}; sessionid=neverexisted")

    assert holder(key) == ""


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_guest_cookie_in_front_does_not_save_an_active_session(
    engine: str, user: Any, client: Client, url: str
) -> None:
    """A cart in front of a login must not save it either."""
    key = key_of(user)
    client.get("/write/")

    send(url, f"sessionid={key}; sessionid={client.cookies['sessionid'].value}")

    assert holder(key) == ""


def test_other_cookies_and_other_users_are_left_alone(user: Any, other: Any) -> None:
    """A name that only ends like the session's is another cookie."""
    mine, hers = key_of(user), key_of(other)

    send(LOGOUT, f"my_sessionid={hers}; sessionid={mine}; theme=sessionid={hers}")

    assert (holder(mine), holder(hers)) == ("", "bob")


def test_the_same_cookie_twice_is_one_session(user: Any) -> None:
    """Same name, same value, two paths."""
    key = key_of(user)

    send(LOGOUT, f"sessionid={key}; sessionid={key}")

    assert LogoutEvent.objects.get().sessions == 1


def test_a_tossed_cookie_with_a_nul_is_no_obstacle(user: Any) -> None:
    """Nor is one that no engine can have made."""
    key = key_of(user)

    send(LOGOUT, f'sessionid="as-long-as-a-key\\000"; sessionid={key}; sessionid={"x" * 500}')

    assert holder(key) == ""


def staff_shorter(user: Any, request: Any) -> timedelta | int | None:
    """Five minutes for staff; an hour for others."""
    return timedelta(minutes=5) if user.is_staff else 3600


def test_a_session_beside_the_one_in_use(user: Any, other: Any, settings: Any, clock: Any) -> None:
    """Two cookies of one name: logging out asks for the limits of both."""
    settings.LOGOUT = {"IDLE_TIMEOUT": staff_shorter}
    ann, bob = logged_in(user), logged_in(other)
    both = Client()
    first, second = (c.cookies["sessionid"].value for c in (ann, bob))
    with another_process():
        both.post("/accounts/logout/", HTTP_COOKIE=f"sessionid={first}; sessionid={second}")
    assert (logged_in_as(ann), logged_in_as(bob)) == ("", "")


def cookies_of(keys: Any) -> str:
    """A Cookie header with all of these keys."""
    return "; ".join(f"sessionid={key}" for key in keys)


def cost_of_logout(keys: Any) -> Cost:
    """What a logout with these cookies costs."""
    with cost() as found:
        assert send(LOGOUT, cookies_of(keys)).status_code == 200
    return found


@pytest.mark.parametrize("url", [LOGOUT, "/plain-logout/"])
def test_cost_does_not_depend_on_the_number_of_cookies(
    engine: str, user: Any, settings: Any, url: str
) -> None:
    """Whether an attacker invents the keys or a browser has them."""
    settings.CACHES = counted(settings.CACHES)
    for few, many in (
        ([f"{number:032}" for number in range(3)], [f"{number:032}" for number in range(3000)]),
        ([key_of(user) for _ in range(3)], [key_of(user) for _ in range(15)]),
    ):
        expected, found = cost_of_logout(few), cost_of_logout(many)
        assert len(found.statements) == len(expected.statements)
        assert len(found.cache) == len(expected.cache)


def test_beyond_the_maximum_nothing_is_claimed(
    engine: str, user: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Django's cookie, which is the last, and the first ones end; the answer says that more may be
    active, and so does the event."""
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 2}
    keys = [key_of(user) for _ in range(5)]

    with caplog.at_level(logging.WARNING, "django_logout"):
        answer = Client(HTTP_COOKIE=cookies_of(keys)).post(LOGOUT, headers=JSON).json()

    assert answer["logged_out"]
    assert (answer["complete"], answer["left"], answer["failed"]) == (False, 2, [])
    assert answer["ended"] == {"session": 3}
    assert answer["detail"].startswith("Your browser sent too many session cookies")
    assert [record.getMessage() for record in caplog.records] == [
        "A request presents 5 session cookies; 2 of them are ignored."
    ]
    event = LogoutEvent.objects.get()
    assert (event.complete, event.outcomes["session"]["left"]) == (False, 2)
    assert [holder(key) for key in keys] == ["", "", "ann", "ann", ""]


def test_pages_say_that_more_may_be_active(user: Any, settings: Any) -> None:
    """The goodbye page, and the page that a redirect leads to."""
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 1}
    browser = Client(HTTP_COOKIE=cookies_of([key_of(user) for _ in range(3)]))

    page = browser.post(LOGOUT).content
    assert b"too many session cookies" in page
    assert b"<h1>You may still be logged in</h1>" in page
    assert b"No one who uses this browser after you" not in page
    response = browser.post(LOGOUT, {"next": "/messages/"})
    assert response.status_code == 302
    (message,) = get_messages(response.wsgi_request)
    assert "too many session cookies" in str(message)


def test_everywhere_ends_what_is_beyond_the_maximum_but_other_accounts(
    user: Any, other: Any, settings: Any
) -> None:
    """Those of the user end by the registry; cookies beyond the maximum may be of another."""
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 1}
    keys = [key_of(other), key_of(other), key_of(user), key_of(user)]
    browser = Client(HTTP_COOKIE=cookies_of(keys))

    answer = browser.post(LOGOUT, {"everywhere": "1"}, headers=JSON).json()

    assert [holder(key) for key in keys] == ["", "bob", "", ""]
    assert (answer["complete"], answer["left"]) == (False, 2)
    assert browser.post(EVERYWHERE, headers=JSON).status_code == 401


@pytest.mark.engines("db", "cached_db", "cache", "cache-memcached", "file", "signed_cookies")
def test_a_key_that_no_cache_takes_does_not_spoil_the_others(engine: str, user: Any) -> None:
    """One planted by a sibling subdomain, among those that are read together."""
    keys = [key_of(user) for _ in range(3)]
    odd = ["a b c d e f g h", "x" * 3000, "umlaut-\xe4-\xf6-\xfc", '"control-\\010-\\011"']

    send(LOGOUT, cookies_of([*odd, *keys]))

    assert [holder(key) for key in keys] == ["", "", ""]


def test_sessions_from_before_the_installation_are_ended_too(engine: str, user: Any) -> None:
    """Beside one that is registered, and beside each other."""
    keys = [before_us(user).cookies["sessionid"].value for _ in range(3)]

    send(LOGOUT, cookies_of([*keys, key_of(user)]))

    assert [holder(key) for key in keys] == ["", "", ""]
    assert not LoginSession.objects.filter(ended_at=None).exists()


@pytest.mark.engines("db", "cached_db", "cache", "file")
def test_expired_sessions_leave_nothing_behind(engine: str, user: Any, clock: Any) -> None:
    """Neither their data nor, as Django's engine of files makes one, an empty session in place."""
    keys = [key_of(user) for _ in range(3)]
    clock.shift(timedelta(days=15))

    send(LOGOUT, cookies_of(keys))

    assert [holder(key) for key in keys] == ["", "", ""]


def rotate(request: HttpRequest) -> HttpResponse:
    """Give the session a new key."""
    request.session.cycle_key()
    return HttpResponse()


def test_rotated_keys_are_found_together(user: Any, settings: Any) -> None:
    """Tabs that have the old keys of living sessions log those out, with one query for all."""
    settings.ROOT_URLCONF = routes(rotate)
    clients = [logged_in(user) for _ in range(3)]
    keys = [client.cookies["sessionid"].value for client in clients]
    for client in clients:
        client.get(OUT)

    with cost() as found:
        send(LOGOUT, cookies_of(keys))

    assert [logged_in_as(client) for client in clients] == ["", "", ""]
    assert len([text for text in found.statements if "rotated_from" in text]) == 1


@pytest.mark.engines("cache")
def test_a_cluster_that_reads_no_two_keys_together_is_asked_for_each(
    engine: str, user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that refuses keys of different slots, as one of a cluster does."""
    monkeypatch.setattr("django_logout.sessions.caches._servers", {})
    monkeypatch.setattr("django_logout.sessions.caches._opened", WeakKeyDictionary())
    keys = [key_of(user) for _ in range(3)]
    cache = type(caches["default"])
    together = cache.get_many

    def get_many(self: Any, names: Any, version: Any = None) -> Any:
        if any("sessions.cache" in name for name in names):
            raise RuntimeError("CROSSSLOT")
        return together(self, names, version)

    monkeypatch.setattr(cache, "get_many", get_many)
    send(LOGOUT, cookies_of([*keys, "0" * 32]))

    assert [holder(key) for key in keys] == ["", "", ""]


@pytest.mark.engines("cache")
def test_data_that_cannot_be_deleted_are_refused(
    engine: str,
    settings: Any,
    user: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The sessions have ended, whatever the cache still holds.

    In a Redis they are deleted with the marks, or nothing is.
    """
    settings.CACHES = {"default": cache_from_url(f"shared://{uuid4().hex}")}
    keys = [key_of(user) for _ in range(3)]

    def delete_many(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError(f"no connection while deleting {keys}")

    monkeypatch.setattr(type(caches["default"]), "delete_many", delete_many)
    send(LOGOUT, cookies_of(keys))

    assert [holder(key) for key in keys] == ["", "", ""]
    assert "could not be deleted; it is refused. (ConnectionError)" in caplog.text
    assert not any(key in caplog.text for key in keys)


@pytest.mark.engines("db", "cached_db", "cache", "file", "signed_cookies")
def test_sessions_of_no_one_are_emptied_too(engine: str, user: Any) -> None:
    """A cart behind a duplicate cookie is as private as one behind the first."""
    keys = []
    for _ in range(3):
        client = Client()
        client.get("/write/")
        keys.append(str(client.cookies["sessionid"].value))

    send(LOGOUT, cookies_of([key_of(user), *keys]))

    store = engines.current_engine()
    if store.keyed:
        assert not any(store.open_unguarded(key).exists(key) for key in keys)
