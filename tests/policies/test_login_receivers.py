"""What the package hears of Django's own logins and logouts."""

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY, alogout, get_user_model, login
from django.contrib.auth import logout as django_logout_function
from django.contrib.auth import views as auth_views
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from django_logout import Target, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("view", ["function", "class"])
def test_djangos_own_logout_goes_through_the_door(
    engine: str, ann: Client, settings: Any, view: str
) -> None:
    """Function or class: ended everywhere, recorded, once."""
    if view == "class":
        settings.ROOT_URLCONF = routes(auth_views.LogoutView.as_view(next_page="/"))
    ann.get("/write/")
    thief = copy_of(ann)

    assert ann.post(OUT if view == "class" else "/plain-logout/").status_code == 302

    assert logged_in_as(ann) == logged_in_as(thief) == ""
    event = LogoutEvent.objects.get()
    assert (event.user_label, event.reason, event.sessions) == ("ann", "user", 1)


def test_django_logout_of_an_anonymous_visitor_records_nothing(client: Client) -> None:
    """No event, and not one query more."""
    assert client.post("/plain-logout/").status_code == 302
    assert not LogoutEvent.objects.exists()


@pytest.mark.parametrize("signal", [user_logged_in, user_logged_out], ids=["in", "out"])
@pytest.mark.parametrize("request_", [None, RequestFactory().get("/")], ids=["none", "bare"])
def test_signals_without_a_session_are_no_business_of_ours(
    user: Any, signal: Any, request_: Any
) -> None:
    """Token logins send them, with a request that has no session, or with none."""
    signal.send(sender=type(user), request=request_, user=user)

    assert not LoginSession.objects.exists()
    assert not LogoutEvent.objects.exists()


def test_logging_in_again_as_oneself_keeps_the_session(ann: Client, user: Any) -> None:
    """Django keeps it, so its row is kept."""
    (before,) = LoginSession.objects.values_list("pk", flat=True)

    ann.post("/login/", {"username": "ann", "password": "pw"})

    assert list(LoginSession.objects.values_list("pk", flat=True)) == [before]
    assert logged_in_as(ann) == "ann"


def test_login_of_another_user_ends_the_first_session(engine: str, ann: Client, other: Any) -> None:
    """Two users are never joined: hers is over, with the reason."""
    ann.get("/write/")
    thief = copy_of(ann)

    ann.post("/login/", {"username": "bob", "password": "pw"})

    assert (logged_in_as(ann), logged_in_as(thief)) == ("bob", "")
    event = LogoutEvent.objects.get()
    assert (event.user_label, event.reason) == ("ann", "switched")


def test_a_session_that_is_taken_over_by_a_login_is_that_users(
    engine: str, ann: Client, other: Any, settings: Any
) -> None:
    """Emptied of its user by hand, so that Django keeps the rest of it: hers ends, his begins."""

    def view(request: HttpRequest) -> HttpResponse:
        del request.session[SESSION_KEY]
        login(request, other)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    ann.get(OUT)

    assert logged_in_as(ann) == "bob"
    assert LoginSession.objects.filter(ended_at=None).get().user == other
    end_sessions(Target.user(other))
    assert logged_in_as(ann) == ""


def test_out_and_in_within_one_request(ann: Client, other: Any, settings: Any) -> None:
    """As some social logins do it: hers ends, his begins."""

    def view(request: HttpRequest) -> HttpResponse:
        django_logout_function(request)
        login(request, get_user_model().objects.get(username="bob"))
        return HttpResponse(request.user.get_username())

    settings.ROOT_URLCONF = routes(view)
    thief = copy_of(ann)

    assert ann.get(OUT).content == b"bob"
    assert (logged_in_as(ann), logged_in_as(thief)) == ("bob", "")
    assert LoginSession.objects.filter(ended_at=None).get().user == other


def test_logout_of_another_user_than_the_sessions(
    engine: str, user: Any, other: Any, ann: Client, settings: Any
) -> None:
    """A middleware has set a user by a header, say. Django flushes the session, so it ends, and the
    event says who has done it."""

    def view(request: Any) -> HttpResponse:
        request.user = other
        django_logout_function(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    copied = copy_of(ann)
    assert ann.post(OUT).status_code == 200
    assert [logged_in_as(client) for client in (ann, copied)] == ["", ""]
    event = LogoutEvent.objects.get()
    assert (event.reason, event.user, event.actor) == ("user", user, other)


async def test_asynchronous_logout_of_another_user_than_the_sessions(
    engine: str, user: Any, other: Any, settings: Any
) -> None:
    """The same by ``alogout()``."""

    async def view(request: Any) -> HttpResponse:
        async def auser() -> Any:
            return other

        request.auser = auser
        await alogout(request)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    client = AsyncClient()
    await client.aforce_login(user)
    await client.post(OUT)
    event = await LogoutEvent.objects.aget()
    assert (event.reason, event.actor_id) == ("user", other.pk)
    assert await LoginSession.objects.filter(ended_at=None).acount() == 0


def test_signal_without_a_flush_ends_nothing(
    user: Any, other: Any, ann: Client, settings: Any
) -> None:
    """It is about another user, and the session is still there."""

    def view(request: Any) -> HttpResponse:
        user_logged_out.send(sender=type(other), request=request, user=other)
        return HttpResponse()

    settings.ROOT_URLCONF = routes(view)
    assert ann.post(OUT).status_code == 200
    assert logged_in_as(ann) == "ann"
    assert not LogoutEvent.objects.exists()
