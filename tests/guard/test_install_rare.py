"""What seldom happens to session objects, and never to most sites."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from django_logout import SessionNotEnded, Target, end_sessions, logout
from django_logout.ending import after_commit, audit
from django_logout.guard import identified, install
from django_logout.guard.presented import BEARER
from django_logout.models import Installation, LoginSession, LogoutEvent
from django_logout.sessions import engines, registry, status
from django_logout.sessions.identity import Identity
from tests import forgetful_engine
from tests.clients import BACKEND, LOGOUT, before_us, install_now, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_database_that_does_not_tell_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a savepoint has taken the ending back is not known then."""

    def down(pk: Any) -> bool:
        raise OperationalError

    monkeypatch.setattr(audit, "is_recorded", down)
    with pytest.raises(SessionNotEnded):
        after_commit.call_if_recorded(LogoutEvent(), pytest.fail)


def test_the_token_that_lets_a_request_in_ends_with_it(user: Any) -> None:
    """So it does not identify the user any more."""
    request: Any = RequestFactory().get("/")
    request.user = user
    request.session = SessionStore()
    assert identified.is_identified_anyway(request, user, request.session)
    setattr(request, BEARER, uuid4())
    assert not identified.is_identified_anyway(request, user, request.session)


def test_a_request_without_a_session_has_held_no_login() -> None:
    """An API's, for instance."""
    assert install.login_of(RequestFactory().get("/")) is None


def test_a_session_that_is_put_in_place_of_another_may_be_its_continuation() -> None:
    """By its key; else nothing of the one before is passed on."""
    first, again, another = (SessionStore(key * 32) for key in ("a", "a", "b"))
    assert list(install._earlier_objects(again, first)) == [first]
    assert not list(install._earlier_objects(another, first))


@pytest.mark.engines("file", "cache")
def test_code_that_writes_the_login_into_an_ended_session_brings_nothing_back(
    engine: str, settings: Any, user: Any
) -> None:
    """The object has seen that the session has ended."""
    browser = logged_in(user)
    key = browser.cookies["sessionid"].value
    end_sessions(Target.user(user))
    session = engines.current_engine().store(key)
    assert session.get(SESSION_KEY) is None
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    browser.cookies["sessionid"] = session.session_key
    assert logged_in_as(browser) == ""
    assert not LoginSession.objects.filter(ended_at=None).exists()


@pytest.mark.engines("db", "file", "cache")
def test_a_duplicate_cookie_from_before_the_installation_is_not_adopted_too_late(
    engine: str, user: Any
) -> None:
    """It is emptied with the others, and gets no row."""
    old, new = before_us(user), logged_in(user)
    Installation.objects.all().delete()
    cookies = [client.cookies["sessionid"].value for client in (new, old)]
    Client(HTTP_COOKIE="; ".join(f"sessionid={key}" for key in cookies)).post(LOGOUT)
    assert [logged_in_as(client) for client in (new, old)] == ["", ""]
    assert LoginSession.objects.count() == 1


def test_a_view_that_puts_the_login_back_after_logging_out_is_not_logged_in(
    engine: str, settings: Any, user: Any
) -> None:
    """By Django's own keys, in the same session object."""

    def view(request: HttpRequest) -> HttpResponse:
        kept = {
            key: request.session[key]
            for key in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)
        }
        logout(request)
        request.session.update(kept)
        return HttpResponse()

    browser = logged_in(user)
    settings.ROOT_URLCONF = routes(view)
    browser.get(OUT)
    assert logged_in_as(browser) == ""
    assert not LoginSession.objects.filter(ended_at=None).exists()


def test_an_engine_whose_code_is_wrong_is_not_taken_for_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is asked to store a session."""

    def fail(self: Any) -> None:
        raise TypeError

    monkeypatch.setattr(forgetful_engine.SessionStore, "create", fail)
    with pytest.raises(TypeError):
        engines._stores_sessions(forgetful_engine.SessionStore)


def test_an_engine_that_cannot_store_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its storage raises an error of its own."""

    def down(self: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(forgetful_engine.SessionStore, "create", down)
    assert not engines._stores_sessions(forgetful_engine.SessionStore)


def test_a_session_of_a_user_who_is_gone_gets_no_row() -> None:
    """It has been replaced by an impersonation, and its user deleted meanwhile."""
    identity = Identity(uuid4(), "0", registered=False)
    registry.adopt_origin(SessionStore(), identity, RequestFactory().get("/"))
    assert not LoginSession.objects.exists()


def test_a_user_id_that_cannot_be_one_is_refused_while_sessions_are_adopted() -> None:
    """It is no user's."""
    install_now()
    assert not status.get_status(Identity(uuid4(), "no number", registered=False)).active
