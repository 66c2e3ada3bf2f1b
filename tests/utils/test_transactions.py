"""Projects that test with ``TestCase``, whose tests run in a transaction that is never committed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import login
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, TestCase, TransactionTestCase

from django_logout import Target, end_sessions, logout
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from django_logout.utils.transactions import in_transaction
from tests.clients import EVERYWHERE, JSON, LOGOUT, before_us, copy_of, logged_in, logged_in_as
from tests.urlconf import OUT, routes

#: As of ``TestCase``, and as of ``TransactionTestCase``.
both = pytest.mark.parametrize(
    "how",
    [pytest.param(each, marks=pytest.mark.django_db(transaction=each)) for each in (False, True)],
)
atomic_or_not = pytest.mark.parametrize("atomic", [False, True])


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The ids of the sessions that ``session_ended`` has named."""
    found: list[Any] = []

    def hear(session: Any, **kwargs: Any) -> None:
        found.append(session.id)

    session_ended.connect(hear)
    yield found
    session_ended.disconnect(hear)


@pytest.fixture
def serve(settings: Any, monkeypatch: pytest.MonkeyPatch, atomic: bool) -> Callable[[Any], None]:
    """Serve a view, each request in a transaction if ``atomic``."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)

    def use(view: Any) -> None:
        settings.ROOT_URLCONF = routes(view)

    return use


def logs_out_and_fails(request: HttpRequest) -> HttpResponse:
    """Something else in the request fails."""
    logout(request, everywhere="everywhere" in request.GET)
    raise RuntimeError


@both
@atomic_or_not
@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_holds_whatever_fails_in_its_request(
    how: bool, engine: str, user: Any, serve: Any, everywhere: bool
) -> None:
    """With one event, as a browser of the site would have it."""
    serve(logs_out_and_fails)
    client, second = logged_in(user), logged_in(user)
    client.raise_request_exception, thief = False, copy_of(client)

    assert client.get(OUT, {"everywhere": 1} if everywhere else {}).status_code == 500

    assert logged_in_as(thief) == ""
    assert logged_in_as(second) == ("" if everywhere else "ann")
    assert LogoutEvent.objects.get().sessions == 1 + everywhere


@both
@atomic_or_not
def test_session_ended_is_heard_once(
    how: bool,
    engine: str,
    user: Any,
    serve: Any,
    heard: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    """In the block that Django has for what is done after a commit."""
    serve(logs_out_and_fails)
    client, second = logged_in(user), logged_in(user)
    ids = set(LoginSession.objects.values_list("pk", flat=True))

    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(LOGOUT, headers=JSON).json()["complete"]
    assert len(heard) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert second.post(EVERYWHERE, headers=JSON).status_code == 200
    assert sorted(heard) == sorted(ids)
    assert LogoutEvent.objects.count() == 2


@pytest.mark.django_db
def test_without_a_transaction_of_the_project_it_is_heard_at_once(
    engine: str, user: Any, heard: list[Any]
) -> None:
    """Nothing is waited for, as in production."""
    client = logged_in(user)
    client.post(LOGOUT)
    assert len(heard) == 1
    logged_in(user)
    end_sessions(Target.user(user))
    assert len(heard) == 2


@both
@atomic_or_not
def test_a_login_whose_transaction_fails_is_registered_again(
    how: bool, user: Any, serve: Any, settings: Any
) -> None:
    """Where the engine has kept the session."""

    def logs_in_and_fails(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            login(request, user)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    serve(logs_in_and_fails)
    client = Client()
    client.get(OUT)
    assert logged_in_as(client) == "ann"
    assert LoginSession.objects.get().user == user


@both
def test_an_adopted_session_ends(how: bool, engine: str, user: Any) -> None:
    """One from before the installation."""
    client = before_us(user)
    thief = copy_of(client)
    client.post(LOGOUT)
    assert logged_in_as(thief) == ""


class _InATestCase:
    """What holds in Django's own classes."""

    def test_transactions_of_the_project_are_counted(self) -> None:
        assert not in_transaction("default")
        with transaction.atomic():
            assert in_transaction("default")
            with transaction.atomic():
                assert in_transaction("default")
        assert not in_transaction("default")


class TestInTestCase(_InATestCase, TestCase):
    """In the transactions of the class and of the test."""


class TestInTransactionTestCase(_InATestCase, TransactionTestCase):
    """In none."""
