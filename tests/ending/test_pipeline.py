"""The door: what is ended, what is kept, what is recorded and announced, and when."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import Target, aend_sessions, end_sessions
from django_logout.models import LoginSession, LogoutEvent
from tests.clients import copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bob(other: Any) -> Client:
    """Another browser, another user."""
    client = Client()
    client.force_login(other)
    return client


def sessions_of(account: Any) -> list[Any]:
    """Return the ids of the user's active sessions."""
    return list(LoginSession.objects.filter(user=account).values_list("pk", flat=True))


def test_one_session_by_its_id(
    engine: str, ann: Client, bob: Client, user: Any, heard: list[Any]
) -> None:
    """From anywhere, without a request; told once, with everything there is to tell."""
    (session_id,) = sessions_of(user)

    result = end_sessions(Target.session(session_id), reason="fired", actor=user)

    assert (result.complete, dict(result.ended), result.failed) == (True, {"session": 1}, ())
    assert (logged_in_as(ann), logged_in_as(bob)) == ("", "bob")
    (said,) = heard
    assert (said["session"].id, said["session"].user_id) == (session_id, user.pk)
    assert (said["reason"], said["actor"], said["event"]) == ("fired", user, result.event)


def test_ending_it_again_is_nothing_at_all(ann: Client, user: Any, heard: list[Any]) -> None:
    """No event, no signal."""
    target = Target.session(sessions_of(user)[0])
    end_sessions(target)

    again = end_sessions(target)

    assert (again.event, dict(again.ended), again.complete) == (None, {}, True)
    assert len(heard) == LogoutEvent.objects.count() == 1


def test_all_of_one_user(engine: str, ann: Client, bob: Client, user: Any) -> None:
    """Every browser of hers, none of anybody else's."""
    second = Client()
    second.force_login(user)

    assert dict(end_sessions(Target.user(user)).ended) == {"session": 2}

    assert [logged_in_as(client) for client in (ann, second, bob)] == ["", "", "bob"]


def test_sessions_of_several_users_end(
    engine: str, ann: Client, bob: Client, django_user_model: Any
) -> None:
    """By a queryset."""
    carl = Client()
    carl.force_login(django_user_model.objects.create_user("carl"))

    end_sessions(Target.users(django_user_model.objects.exclude(username="carl")))

    assert [logged_in_as(client) for client in (ann, bob, carl)] == ["", "", "carl"]


def test_everyone(engine: str, ann: Client, bob: Client) -> None:
    """And who logs in afterwards stays."""
    end_sessions(Target.everyone())

    assert logged_in_as(ann) == logged_in_as(bob) == ""
    bob.post("/login/", {"username": "bob", "password": "pw"})
    assert logged_in_as(bob) == "bob"


def test_all_others_of_ones_own(engine: str, ann: Client, user: Any, settings: Any) -> None:
    """The browser that asks stays logged in."""
    second = Client()
    second.force_login(user)

    def view(request: HttpRequest) -> HttpResponse:
        end_sessions(Target.others(request), request=request)
        return HttpResponse(request.user.get_username())

    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT).content == b"ann"
    assert (logged_in_as(ann), logged_in_as(second)) == ("ann", "")


@pytest.mark.parametrize("scope", ["current", "user", "everyone"])
def test_user_is_anonymous_for_the_rest_of_the_request(
    engine: str, ann: Client, user: Any, settings: Any, scope: str
) -> None:
    """For the rest of the request too, with an empty session."""

    def view(request: HttpRequest) -> HttpResponse:
        targets = {"current": Target.current(request), "user": Target.user(user)}
        end_sessions(targets.get(scope) or Target.everyone(), request=request)
        return HttpResponse(f"{request.user.is_anonymous} {dict(request.session)}")

    settings.ROOT_URLCONF = routes(view)
    ann.get("/write/")
    thief = copy_of(ann)

    assert ann.get(OUT).content == b"True {}"
    assert logged_in_as(ann) == logged_in_as(thief) == ""


async def test_the_asynchronous_door(user: Any) -> None:
    """The same, awaited."""
    client = AsyncClient()
    await client.aforce_login(user)

    result = await aend_sessions(Target.user(user), reason="admin")

    assert dict(result.ended) == {"session": 1}
    assert (await client.get("/")).content == b"user="
