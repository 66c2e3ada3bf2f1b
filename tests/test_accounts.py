"""Accounts that change: their sessions end at once, with a reason, and not when they return."""

from typing import Any

import pytest
from django.contrib.auth import (
    aupdate_session_auth_hash,
    get_user_model,
    update_session_auth_hash,
)
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.routes import OUT, routes

PRIVATE = "/private/"


def signed_in(user: Any, count: int = 2) -> list[Client]:
    """Browsers of one user."""
    browsers = [Client() for _ in range(count)]
    for browser in browsers:
        browser.force_login(user)
    return browsers


def served(browser: Client) -> bool:
    """Whether this browser is still somebody's."""
    return browser.get(PRIVATE).status_code == 200


def ended(user: Any) -> list[str]:
    """Reasons of this user's endings, by what the door has recorded."""
    return list(LogoutEvent.objects.order_by("created_at").values_list("reason", flat=True))


def alive(user: Any) -> int:
    """How many sessions of his the registry believes in."""
    return LoginSession.objects.filter(user=user, ended_at=None).count()


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
    """A user deletes their account; the rest of the view may still ask for their name."""
    name = request.user.get_username()
    request.user.delete()
    assert request.user.get_username() == name
    return HttpResponse(name)


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


@pytest.fixture
def told() -> Any:
    """What receivers of ``session_ended`` hear."""
    heard: list[tuple[Any, str]] = []

    def hear(session: Any, reason: str, **kwargs: Any) -> None:
        heard.append((session.user_id, reason))

    session_ended.connect(hear)
    yield heard
    session_ended.disconnect(hear)


CHANGES = {
    "password_changed": lambda user: user.set_password("new"),
    "disabled": lambda user: setattr(user, "is_active", False),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_a_change_by_others_ends_all(
    engine: str, user: Any, other: Any, told: Any, reason: str
) -> None:
    """From a shell or by an administrator: every session, at once, and nobody else's."""
    browsers, elsewhere = signed_in(user), signed_in(other, 1)
    CHANGES[reason](user)
    with transaction.atomic():
        user.save()
    assert alive(user) == 0
    assert LogoutEvent.objects.get().reason == reason
    assert [served(browser) for browser in browsers] == [False, False]
    assert served(elsewhere[0])
    assert LogoutEvent.objects.get().sessions == 2, "nothing was left for their next request"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", [*CHANGES, "deleted"])
def test_receivers_are_told_of_each_session_after_the_commit(
    engine: str, user: Any, told: Any, reason: str
) -> None:
    """Before their browsers come back, and not before it is true."""
    signed_in(user)
    pk = user.pk
    with transaction.atomic():
        if reason == "deleted":
            user.delete()
        else:
            CHANGES[reason](user)
            user.save()
        assert told == []
    assert told == [(pk, reason)] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reason", [*CHANGES, "deleted"])
def test_a_change_that_is_rolled_back_ends_nothing(engine: str, user: Any, reason: str) -> None:
    """Neither in the registry nor in the cache."""
    (browser,) = signed_in(user, 1)
    with transaction.atomic():
        if reason == "deleted":
            user.delete()
        else:
            CHANGES[reason](user)
            user.save()
        transaction.set_rollback(True)
    assert served(browser)
    assert not LogoutEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/disable/", "/delete/"])
def test_own_change_that_is_rolled_back_keeps_the_browser_signed_in(
    engine: str, user: Any, settings: Any, url: str
) -> None:
    """It is not done again, as a rolled back logout would be."""

    def fail(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            (disable if url == "/disable/" else delete)(request)
            transaction.set_rollback(True)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(fail)
    (browser,) = signed_in(user, 1)
    browser.get(OUT)
    assert served(browser)
    assert not LogoutEvent.objects.exists()


def test_own_new_password_keeps_this_browser(engine: str, user: Any) -> None:
    """Django's own view: the others have ended before they come back."""
    here, there = signed_in(user)
    here.get("/change/")
    assert served(here)
    assert alive(user) == 1
    event = LogoutEvent.objects.get()
    assert (event.reason, event.sessions, event.actor) == ("password_changed", 1, user)
    assert not served(there)
    assert LogoutEvent.objects.count() == 1


def test_a_view_that_forgets_the_session_logs_it_out_with_a_reason(engine: str, user: Any) -> None:
    """Django refuses it at its next request: an ending of its own, told as what it is."""
    (here,) = signed_in(user, 1)
    here.get(OUT)
    assert alive(user) == 1
    response = here.get(PRIVATE)
    assert response.status_code == 302
    assert ended(user) == ["password_changed"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("url", ["/disable/", "/adisable/", "/delete/"])
@pytest.mark.parametrize("atomic", [False, True])
def test_own_account_given_up_leaves_the_browser_after_the_view(
    engine: str, user: Any, told: Any, url: str, atomic: bool, monkeypatch: Any
) -> None:
    """The view is served to its end; the cookie goes with its answer."""
    if atomic and url != "/adisable/":
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    here, there = signed_in(user)
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


@pytest.mark.django_db(transaction=True)
def test_deleted_accounts_leave_a_record_of_their_name(engine: str, user: Any) -> None:
    """The rows of the sessions go with the account; the event stays."""
    (browser,) = signed_in(user, 1)
    user.delete()
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user_label, event.user, event.sessions) == (
        "deleted",
        "ann",
        None,
        1,
    )
    assert not LoginSession.objects.exists()
    assert not Session.objects.exists()
    assert not served(browser)


def test_deleting_many_gives_each_their_event(engine: str, user: Any, other: Any) -> None:
    """A queryset's delete() sends signals, too."""
    signed_in(user, 1)
    signed_in(other, 2)
    get_user_model().objects.all().delete()
    assert set(LogoutEvent.objects.values_list("user_label", "sessions")) == {
        ("ann", 1),
        ("bob", 2),
    }


@pytest.mark.parametrize("fields", [["last_login"], ["email"], []])
def test_saves_that_cannot_matter_cost_nothing(
    user: Any, django_assert_num_queries: Any, fields: list[str]
) -> None:
    """A login's own update among them."""
    user.set_password("not to be written")
    with django_assert_num_queries(len(fields)):
        user.save(update_fields=fields)
    assert not LogoutEvent.objects.exists()


def test_what_was_not_loaded_is_not_written(user: Any, django_assert_num_queries: Any) -> None:
    """And so it need not be compared."""
    partial = get_user_model().objects.defer("password", "is_active").get(pk=user.pk)
    with django_assert_num_queries(1):
        partial.save()


def test_other_saves_cost_one_small_query(user: Any, django_assert_num_queries: Any) -> None:
    """And end nothing."""
    signed_in(user, 1)
    user.refresh_from_db()
    user.email = "ann@example.org"
    with django_assert_num_queries(2) as captured:
        user.save()
    columns, _, _ = captured.captured_queries[0]["sql"].partition(" FROM ")
    assert columns.count(",") == 2, "key, password, is_active"
    assert alive(user) == 1
