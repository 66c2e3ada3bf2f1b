"""The user of a session is what its data say, and they may say what no user can be."""

from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout.models import LoginSession
from django_logout.sessions.identity import ID_KEY
from tests.clients import (
    BACKEND,
    LOGOUT,
    install_now,
    log_in,
    logged_in,
    logged_in_as,
    unguarded_store,
)
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)

#: Of another type, as before a change of the user model; too long for the database; malformed.
KEYS = ["6f1b3f66-8a0c-4c55-9a3c-1d1b8d1f0c9e", "9" * 40, "1\x00", "", None, [], {"a": 1}]


def basket(request: HttpRequest) -> HttpResponse:
    """Show the basket."""
    return HttpResponse(request.session.get("basket", "empty"))


def flush(request: HttpRequest) -> HttpResponse:
    """Throw the session away."""
    request.session.flush()
    return HttpResponse("empty")


def stored_as(key: Any, **data: Any) -> Client:
    """Return a browser whose session names this user; it is older than the installation."""
    store = unguarded_store()
    store.update({SESSION_KEY: key, BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: "x", **data})
    store.save()
    install_now()
    client = Client()
    client.cookies["sessionid"] = store.session_key
    return client


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_login_of_no_user_is_void_and_the_rest_of_the_session_stays(
    engine: str, user: Any, settings: Any, key: Any
) -> None:
    """Pages work, and so does logging in and out."""
    settings.ROOT_URLCONF = routes(basket)
    client = stored_as(key, basket="lamp")
    assert logged_in_as(client) == ""
    assert client.get(OUT).content == b"lamp"
    assert log_in(client).status_code == 302
    assert logged_in_as(client) == "ann"
    assert client.get(OUT).content == b"lamp"

    client = stored_as(key)
    assert client.post(LOGOUT).status_code == 200
    settings.ROOT_URLCONF = routes(flush)
    assert stored_as(key).get(OUT).content == b"empty"


def test_registered_session_of_no_user_is_refused(engine: str, ann: Client) -> None:
    """A client that has changed the key has an id of ours, and its row has another user."""
    session_id = str(LoginSession.objects.get().pk)
    client = stored_as("no key", basket="lamp", **{ID_KEY: session_id})
    assert logged_in_as(client) == ""
    assert logged_in_as(ann) == "ann"
    assert client.post(LOGOUT).status_code == 200
    assert logged_in_as(ann) == "ann"


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_view_that_writes_a_user_that_cannot_be_logs_out(
    engine: str, ann: Client, settings: Any, key: Any
) -> None:
    """Its mistake is no outage: it is answered, and the session goes on without a login."""

    def overwrite(request: HttpRequest) -> HttpResponse:
        request.session["basket"] = "lamp"
        request.session[SESSION_KEY] = key
        return HttpResponse("overwritten")

    settings.ROOT_URLCONF = routes(overwrite)
    assert ann.get(OUT).content == b"overwritten"
    assert LoginSession.objects.get().event.reason == "flushed"
    assert logged_in_as(ann) == ""
    settings.ROOT_URLCONF = routes(basket)
    assert ann.get(OUT).content == b"lamp"


def test_other_sessions_are_served_as_before(engine: str, user: Any) -> None:
    """Of a user whose key is one."""
    assert logged_in_as(logged_in(user)) == "ann"
