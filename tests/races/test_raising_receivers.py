"""F12: a receiver of ``user_logged_out`` that raised, or that looked at the user when there was
none, was a 500 and kept the user logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import views as auth_views
from django.contrib.auth.signals import user_logged_out
from django.db import connection
from django.test import AsyncClient, Client

from django_logout.models import LogoutEvent
from django_logout.signals import session_ended
from django_logout.views import AsyncLogoutView, LogoutView
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def raises(sender: Any, **kwargs: Any) -> None:
    """A receiver on a bad day."""
    raise RuntimeError("hook")


def looks_at_the_user(sender: Any, user: Any, **kwargs: Any) -> None:
    """As the log of many a project does: ``user`` is None if no user was logged in."""
    assert user.username


async def raises_later(sender: Any, **kwargs: Any) -> None:
    """An asynchronous one."""
    raise RuntimeError("hook")


RECEIVERS = [raises, raises_later, looks_at_the_user]


@contextmanager
def connected(*receivers: Any) -> Iterator[None]:
    """To both signals, Django's and ours."""
    for signal in (user_logged_out, session_ended):
        for each in receivers:
            signal.connect(each)
    yield
    for signal in (user_logged_out, session_ended):
        for each in receivers:
            signal.disconnect(each)


@pytest.fixture(params=RECEIVERS)
def receiver(request: Any) -> Iterator[None]:
    """One of them: where Django sends the signal, the first that raises is the last that hears."""
    with connected(request.param):
        yield


@pytest.fixture
def receivers() -> Iterator[None]:
    """All of them: where we send it, none keeps another from raising."""
    with connected(*RECEIVERS):
        yield


@pytest.fixture(params=[False, True], ids=["autocommit", "atomic"])
def transactions(request: Any, monkeypatch: Any) -> None:
    """With ATOMIC_REQUESTS and without."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", request.param)


@pytest.mark.parametrize("view", [LogoutView, AsyncLogoutView])
def test_raising_receiver_does_not_prevent_the_logout(
    receivers: None, transactions: None, engine: str, ann: Client, settings: Any, view: Any
) -> None:
    """On every engine, in a transaction or not: logged out, and told so."""
    settings.ROOT_URLCONF = routes(view.as_view())
    ann.get("/write/")
    thief = copy_of(ann)

    assert ann.post(OUT).status_code == 200

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


def test_django_logout_function_still_ends_session(
    receivers: None, transactions: None, engine: str, ann: Client
) -> None:
    """There the error is shown, since Django sends the signal; but the session has ended before
    it, and stays so although the transaction is rolled back."""
    leave(ann, "/plain-logout/")


def test_django_logout_view_still_ends_session(
    receiver: None, transactions: None, ann: Client, settings: Any
) -> None:
    """Whichever receiver it is that raises."""
    settings.ROOT_URLCONF = routes(auth_views.LogoutView.as_view(next_page="/"))
    leave(ann, OUT)


def leave(ann: Client, path: str) -> None:
    """Log out by Django's own means, and look whether anyone is still served."""
    ann.get("/write/")
    ann.raise_request_exception = False
    thief = copy_of(ann)

    ann.post(path)

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert LogoutEvent.objects.count() == 1


def test_anonymous_logout_succeeds_with_a_raising_receiver(receiver: None, client: Client) -> None:
    """Calm, whatever the receiver thinks of a user that is None."""
    assert client.post(LOGOUT).status_code == 200


async def test_async_view_still_ends_session(receiver: None, user: Any, settings: Any) -> None:
    """With the asynchronous view."""
    settings.ROOT_URLCONF = routes(AsyncLogoutView.as_view())
    client = AsyncClient()
    await client.aforce_login(user)

    assert (await client.post(OUT)).status_code == 200
    assert (await client.get("/")).content == b"user="


@pytest.mark.needs("postgres")
def test_a_revoker_that_breaks_the_transaction_on_postgresql(make_world: Any) -> None:
    """Where nothing can be done in a transaction after a failed statement."""
    world = make_world("postgres", "db")
    world.settings["LOGOUT"] = {"REVOKERS": ["tests.revokers.failing_revokers.BrokenInSql"]}
    browser = world.browser(world.add_user())

    assert browser.logout().status == 302

    assert world.served(browser.history) == set()
