"""Sessions that a request presents by a key in a header."""

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions
from django_logout.sessions import engines
from django_logout.web import attached_sessions
from tests.clients import logged_in
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def attach(request: HttpRequest) -> HttpResponse:
    """Say which user the session of the header belongs to, and write to it."""
    session = attached_sessions.attach_session(
        engines.current_engine().store(request.headers["X-Session"])
    )
    if SESSION_KEY in session:
        session["cart"] = 1
        session.save()
    return HttpResponse(f"{session.get(SESSION_KEY)} {session.session_key}")


def test_active_session_is_loaded(user: Any, engine: str, settings: Any) -> None:
    """The response sets no cookie: the session is not that of the browser."""
    settings.ROOT_URLCONF = routes(attach)
    key = logged_in(user).cookies["sessionid"].value
    response = Client().get(OUT, headers={"X-Session": key})
    assert response.content.decode().split()[0] == str(user.pk)
    assert not response.cookies


def test_ended_session_has_no_key(user: Any, engine: str, settings: Any) -> None:
    """A copied key is of no use after the logout."""
    settings.ROOT_URLCONF = routes(attach)
    key = logged_in(user).cookies["sessionid"].value
    end_sessions(Target.user(user))
    assert Client().get(OUT, headers={"X-Session": key}).content == b"None None"


def test_invented_key_has_no_user(engine: str, settings: Any) -> None:
    """The engine finds no session, or no signature that is right."""
    settings.ROOT_URLCONF = routes(attach)
    response = Client().get(OUT, headers={"X-Session": "0" * 32})
    assert response.content.startswith(b"None ")


def test_without_a_request_the_session_is_guarded_all_the_same(user: Any, engine: str) -> None:
    """In a task, or in a socket's own process."""
    key = logged_in(user).cookies["sessionid"].value
    end_sessions(Target.user(user))
    assert attached_sessions.attach_session(engines.current_engine().store(key)).session_key is None


def attach_all(request: HttpRequest) -> HttpResponse:
    """Attach all sessions of the header, and say how many have a user."""
    keys = request.headers["X-Session"].split()
    opened = map(engines.current_engine().store, keys)
    found = [SESSION_KEY in attached_sessions.attach_session(session) for session in opened]
    return HttpResponse(sum(found))


def test_a_request_presents_so_many_sessions_at_most(user: Any, engine: str, settings: Any) -> None:
    """One, and ``MAX_PRESENTED_SESSIONS`` further ones. The same one again counts once."""
    settings.ROOT_URLCONF = routes(attach_all)
    settings.LOGOUT = {"MAX_PRESENTED_SESSIONS": 2}
    keys = [logged_in(user).cookies["sessionid"].value for _ in range(5)]

    assert Client().get(OUT, headers={"X-Session": " ".join(keys)}).content == b"3"
    assert Client().get(OUT, headers={"X-Session": " ".join(keys[:1] * 5)}).content == b"5"
