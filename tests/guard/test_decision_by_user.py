"""Limits that differ by user: staff shorter, guests never, and what that costs."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import aget_user
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient

from tests.clients import logged_in, logged_in_as
from tests.query_counts import cost
from tests.timeouts import reasons
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


def staff_shorter(user: Any, request: Any) -> timedelta | int | None:
    """Five minutes for staff; an hour for others."""
    return timedelta(minutes=5) if user.is_staff else 3600


def test_staff_is_sooner_idle(
    engine: str, user: Any, other: Any, settings: Any, clock: Any
) -> None:
    """Each by their own limit."""
    settings.LOGOUT = {"IDLE_TIMEOUT": staff_shorter}
    other.is_staff = True
    other.save()
    ann, bob = logged_in(user), logged_in(other)
    for _ in range(3):
        clock.shift(299)
        assert (logged_in_as(ann), logged_in_as(bob)) == ("ann", "bob")
    clock.shift(300)

    assert (logged_in_as(ann), logged_in_as(bob)) == ("ann", "")
    assert reasons() == ["idle"]


def test_for_some_there_is_none(user: Any, settings: Any, clock: Any) -> None:
    """``None`` from a callable is no limit."""
    settings.LOGOUT = {"IDLE_TIMEOUT": lambda user, request: None, "ABSOLUTE_TIMEOUT": 86400}
    client = logged_in(user)
    clock.shift(86399)
    assert logged_in_as(client) == "ann"
    clock.shift(1)
    assert logged_in_as(client) == ""


def test_a_change_of_role_counts_after_an_interval(user: Any, settings: Any, clock: Any) -> None:
    """The limits are remembered for as long."""
    settings.LOGOUT = {"ABSOLUTE_TIMEOUT": staff_shorter}
    client = logged_in(user)
    clock.shift(310)
    assert logged_in_as(client) == "ann"
    type(user).objects.update(is_staff=True)
    clock.shift(59)
    assert logged_in_as(client) == "ann"
    clock.shift(1)
    assert logged_in_as(client) == ""


def test_it_costs_one_query_an_interval(engine: str, user: Any, settings: Any, clock: Any) -> None:
    """The user comes along with the row; between that, nothing is asked."""
    client = logged_in(user)
    client.get("/")
    with cost() as usual:
        client.get("/")
    asked = []

    def counted(user: Any, request: Any) -> int:
        asked.append(user)
        return 3600

    settings.LOGOUT = {"IDLE_TIMEOUT": counted, "ABSOLUTE_TIMEOUT": counted}
    costs = []
    for _ in range(3):
        with cost() as found:
            client.get("/")
        costs.append(found.queries - usual.queries)
        clock.shift(10)

    assert costs == [1, 0, 0]
    assert asked == [user, user]


def test_callable_gets_the_request_without_authenticating_it(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Its user and its session can be looked at, and are not remembered if it has expired."""
    seen = []

    def by_request(user: Any, request: Any) -> int:
        seen.append((request.path, request.user, "_auth_user_id" in request.session))
        return 600

    settings.LOGOUT = {"IDLE_TIMEOUT": by_request}
    client = logged_in(user)
    assert logged_in_as(client) == "ann"
    clock.shift(600)

    assert logged_in_as(client) == ""
    assert seen == [("/", user, True)] * 2


async def apage(request: HttpRequest) -> HttpResponse:
    """Return the name of the user, in the event loop."""
    return HttpResponse(f"user={(await aget_user(request)).get_username()}")


async def test_under_asgi_they_may_ask_the_database(
    engine: str, user: Any, settings: Any, clock: Any
) -> None:
    """Callables are ordinary code, and run outside of the event loop."""

    def by_groups(user: Any, request: Any) -> int:
        return 600 if user.groups.exists() or request.session.get("short") else 1200

    settings.LOGOUT = {"IDLE_TIMEOUT": by_groups}
    settings.ROOT_URLCONF = routes(apage)
    client = AsyncClient()
    await client.aforce_login(user)
    clock.shift(1199)
    assert (await client.get(OUT)).content == b"user=ann"
    clock.shift(1200)
    assert (await client.get(OUT)).content == b"user="


def test_without_the_auth_middleware_there_is_no_user_to_stand_in_for(
    user: Any, settings: Any, clock: Any
) -> None:
    """The request is left as it was."""
    settings.LOGOUT = {"IDLE_TIMEOUT": staff_shorter}
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django_logout.middleware.LogoutMiddleware",
    ]
    settings.ROOT_URLCONF = routes(
        lambda request: HttpResponse(f"{len(request.session.keys())} {hasattr(request, 'user')}")
    )
    client = logged_in(user)
    assert client.get(OUT).content == b"5 False"
    clock.shift(3600)
    assert client.get(OUT).content == b"0 False"
