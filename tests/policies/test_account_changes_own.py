"""Users who change, disable or delete their own account in their own browser."""

from typing import Any

import pytest
from django.contrib.auth import (
    aupdate_session_auth_hash,
    get_user_model,
    update_session_auth_hash,
)
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from django_logout.models import LoginSession, LogoutEvent
from django_logout.sessions import engines
from django_logout.web.attached_sessions import attach_session
from tests.policies.test_account_changes import PRIVATE, alive, logged_in_clients, served, told
from tests.urlconf import OUT, routes

__all__ = ["told"]  # a fixture


def change_password(request: Any) -> HttpResponse:
    """A user changes their own password, and the view forgets to say so to the session."""
    request.user.set_password("new")
    request.user.save()
    return HttpResponse(request.user.get_username())


def disable(request: Any) -> HttpResponse:
    """A user gives up their account."""
    request.session["left"] = "something"
    request.user.is_active = False
    request.user.save()
    return HttpResponse(request.user.get_username())


def delete(request: Any) -> HttpResponse:
    """A user deletes their account, and stays the user of the request for the rest of the view."""
    request.user.delete()
    assert request.user.is_authenticated
    return HttpResponse()


async def adisable(request: Any) -> HttpResponse:
    """The same, asynchronously."""
    user = await request.auser()
    user.is_active = False
    await user.asave()
    return HttpResponse()


def change_and_say_so(request: Any) -> HttpResponse:
    """A user changes their own password, as Django's own view does it."""
    change_password(request)
    update_session_auth_hash(request, request.user)
    return HttpResponse()


async def achange_and_say_so(request: Any) -> HttpResponse:
    """The same, asynchronously."""
    user = await request.auser()
    user.set_password("new")
    await user.asave()
    await aupdate_session_auth_hash(request, user)
    return HttpResponse()


@pytest.fixture(autouse=True)
def urls(settings: Any) -> None:
    """Views of these tests."""
    settings.ROOT_URLCONF = routes(
        change_password,
        path("disable/", disable),
        path("delete/", delete),
        path("adisable/", adisable),
        path("change/", change_and_say_so),
        path("achange/", achange_and_say_so),
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/disable/", "/delete/"])
def test_own_change_that_is_rolled_back_keeps_the_browser_logged_in(
    engine: str, user: Any, settings: Any, url: str
) -> None:
    """It is not done again, as a rolled back logout would be."""

    def fail(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            (disable if url == "/disable/" else delete)(request)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(fail)
    (browser,) = logged_in_clients(user, 1)
    browser.get(OUT)
    assert served(browser)
    assert not LogoutEvent.objects.exists()


def test_own_new_password_keeps_this_browser(engine: str, user: Any) -> None:
    """Django's own view: the others have ended before they come back."""
    here, there = logged_in_clients(user)
    here.get("/change/")
    assert served(here)
    assert alive(user) == 1
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions, event.actor) == ("password_changed", 1, user)
    assert not served(there)
    assert LogoutEvent.objects.count() == 1


def test_a_view_that_forgets_the_session_logs_it_out_with_a_reason(engine: str, user: Any) -> None:
    """Django refuses it from then on: it ends with the request, and the next page says why."""
    (here,) = logged_in_clients(user, 1)
    assert here.get(OUT).text == "ann"
    assert alive(user) == 0
    assert LogoutEvent.objects.get(sessions=1).reason == "password_changed"
    response = here.get(PRIVATE)
    assert response.status_code == 302
    assert "Your account password was changed." in here.get(response["Location"]).text


def test_who_logs_in_again_with_a_new_password_has_not_switched(engine: str, user: Any) -> None:
    """What ends the old session is that it is older than the password, which SQL has changed."""
    (here,) = logged_in_clients(user, 1)
    get_user_model().objects.update(password=make_password("new"))
    here.post("/login/", {"username": "ann", "password": "new"})
    assert served(here)
    assert LogoutEvent.objects.get().reason == "password_changed"


@pytest.mark.django_db(transaction=True)
def test_own_account_given_up_leaves_the_browser_after_the_view(
    engine: str, user: Any, told: Any
) -> None:
    """The view is served to its end; the cookie goes with its answer."""
    give_up(user, told, "/delete/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/disable/", "/adisable/"])
def test_own_account_disabled_leaves_the_browser_after_the_view(
    user: Any, told: Any, url: str
) -> None:
    """In a synchronous view and in an asynchronous one."""
    give_up(user, told, url)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/disable/", "/delete/"])
def test_own_account_given_up_in_a_transaction_leaves_the_browser(
    user: Any, told: Any, url: str, monkeypatch: Any
) -> None:
    """With ATOMIC_REQUESTS, which Django forbids with an asynchronous view."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    give_up(user, told, url)


def give_up(user: Any, told: Any, url: str) -> None:
    """Give up the account of a user by a view, and look at the answer, the record and the
    sessions."""
    here, there = logged_in_clients(user)
    copy = here.cookies["sessionid"].value
    response = here.get(url)
    assert response.status_code == 200
    assert response.cookies["sessionid"]["max-age"] == 0
    reason = "deleted" if url == "/delete/" else "disabled"
    assert [heard for _, heard in told] == [reason] * 2
    assert LogoutEvent.objects.get().actor_label == "ann"
    here.cookies["sessionid"] = copy
    assert not served(here)
    assert not served(there)
    assert LogoutEvent.objects.count() == 1


async def test_the_asynchronous_server_knows_whose_request_it_is(engine: str, user: Any) -> None:
    """Under ASGI: the changing browser stays, the other has ended."""
    here, there = AsyncClient(), AsyncClient()
    await here.aforce_login(user)
    await there.aforce_login(user)
    await here.get("/achange/")
    assert (await here.get(PRIVATE)).status_code == 200
    assert await LoginSession.objects.filter(ended_at=None).acount() == 1
    assert (await there.get(PRIVATE)).status_code == 302
    assert (await LogoutEvent.objects.aget()).reason == "password_changed"


def test_own_account_given_up_takes_the_other_cookies_along(user: Any, settings: Any) -> None:
    """It is this browser that is logged out."""
    settings.LOGOUT = {"DELETE_COOKIES": ["cart"]}
    (here,) = logged_in_clients(user, 1)
    here.cookies["cart"] = "full"
    assert here.get("/disable/").cookies["cart"]["max-age"] == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.engines("db", "cached_db", "cache", "file")  # A cookie that is signed is no key.
@pytest.mark.parametrize("name", ["ann", "bob"])
def test_app_whose_session_is_in_a_header_keeps_it_if_the_account_is_its_own(
    engine: str, user: Any, other: Any, settings: Any, name: str
) -> None:
    """An app that changes another account gets nothing of it into its session."""

    def change(request: Any) -> HttpResponse:
        session = attach_session(engines.current_engine().store(request.headers["X-Session"]))
        request.user = user
        changed = get_user_model().objects.get(username=name)
        changed.set_password("new")
        changed.save()
        session.save()
        return HttpResponse(session.get("_auth_user_hash"))

    settings.ROOT_URLCONF = routes(change)
    app, browser = logged_in_clients(user)
    (elsewhere,) = logged_in_clients(other, 1)
    key = app.cookies["sessionid"].value

    response = Client().get(OUT, headers={"X-Session": key})

    user.refresh_from_db()
    assert response.text == user.get_session_auth_hash()
    assert served(browser) is (name == "bob")
    assert served(elsewhere) is (name == "ann")
    app.cookies["sessionid"] = key
    assert served(app)
