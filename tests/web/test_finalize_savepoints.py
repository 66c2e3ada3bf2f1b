"""What a view does inside a savepoint that it rolls back by hand.

Django then still runs what was to be done after the commit.
"""

from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model, login
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from django_logout import Target, end_sessions, logout
from django_logout.guard import status_cache
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.clients import copy_of, logged_in, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def by_function(work: Any) -> None:
    """Roll back to ``transaction.savepoint()``."""
    savepoint = connection.savepoint()
    work()
    transaction.savepoint_rollback(savepoint)


def by_sql(work: Any) -> None:
    """Roll back to a savepoint that Django knows nothing of."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT mine")
        work()
        cursor.execute("ROLLBACK TO SAVEPOINT mine")


def in_nested_block(work: Any) -> None:
    """The savepoint stands around a block that Django has left."""

    def block() -> None:
        with transaction.atomic():
            work()

    by_function(block)


def by_outer_savepoint(work: Any) -> None:
    """The inner savepoint is released, and the outer one is rolled back."""

    def inner() -> None:
        savepoint = connection.savepoint()
        work()
        transaction.savepoint_commit(savepoint)

    by_function(inner)


UNDOING = [by_function, by_sql, in_nested_block, by_outer_savepoint]


def undone(work: Any, undo: Any) -> Any:
    """Return a view that does this and takes it back, in a transaction that is committed."""

    def view(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            undo(lambda: work(request))
        return HttpResponse(str(request.user))

    return view


def forget_status() -> None:
    """Take away what the cache holds of the status of sessions, as an eviction may."""
    for session_id in LoginSession.objects.values_list("pk", flat=True):
        cache.delete_many(status_cache.keys(session_id))


@pytest.mark.parametrize("undo", UNDOING)
@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_is_done_again(
    engine: str, user: Any, settings: Any, undo: Any, everywhere: bool
) -> None:
    """The client has been told, so it is true: for copies of the cookie, and with an empty cache."""
    heard: list[Any] = []

    def hear(session: Any, **kwargs: Any) -> None:
        heard.append(session.id)

    session_ended.connect(hear)
    settings.ROOT_URLCONF = routes(undone(lambda r: logout(r, everywhere=everywhere), undo))
    client, second = logged_in(user), logged_in(user)
    thief = copy_of(client)
    assert client.post(OUT).status_code == 200
    for _ in range(2):
        assert logged_in_as(thief) == ""
        assert logged_in_as(copy_of(second)) == ("" if everywhere else "ann")
        forget_status()
    ended = 2 if everywhere else 1
    assert LogoutEvent.objects.get().sessions == ended
    assert len(heard) == ended
    session_ended.disconnect(hear)


@pytest.mark.parametrize("undo", UNDOING)
def test_an_ending_without_a_browser_is_taken_back(engine: str, user: Any, undo: Any) -> None:
    """Nothing claims that it has happened, and another one ends the sessions."""
    client = logged_in(user)
    with transaction.atomic():
        undo(lambda: end_sessions(Target.user(user)))
    assert not LogoutEvent.objects.exists()
    assert logged_in_as(client) == "ann"

    with transaction.atomic():
        undo(lambda: end_sessions(Target.user(user)))
        end_sessions(Target.user(user))
    assert LogoutEvent.objects.get().sessions == 1
    assert logged_in_as(client) == ""


def disable(request: HttpRequest) -> None:
    """Close the account by another copy of its user."""
    user = get_user_model().objects.get(pk=request.user.pk)
    user.is_active = False
    user.save()


@pytest.mark.parametrize("undo", UNDOING)
def test_a_change_of_the_account_is_taken_back_with_its_ending(
    engine: str, user: Any, settings: Any, undo: Any
) -> None:
    """The browser stays logged in, since nothing has changed."""
    settings.ROOT_URLCONF = routes(undone(disable, undo))
    client = logged_in(user)
    client.post(OUT)
    assert logged_in_as(client) == "ann"
    assert not LogoutEvent.objects.exists()


def log_in(request: HttpRequest) -> None:
    """By the name and the password of ann."""
    login(request, authenticate(request, username="ann", password="pw"))


@pytest.mark.parametrize("undo", UNDOING)
def test_a_login_is_registered_again(user: Any, settings: Any, undo: Any) -> None:
    """Where the engine has kept the session, its row must be there too."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.ROOT_URLCONF = routes(undone(log_in, undo))
    client = Client()
    assert client.post(OUT).content == b"ann"
    assert LoginSession.objects.get().user == user
    assert logged_in_as(client) == "ann"
