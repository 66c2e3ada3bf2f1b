"""The door: what is ended, what is kept, what is recorded and announced, and when."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import LogoutResult, Target, aend_sessions, alogout, end_sessions, logout
from django_logout.models import LoginSession, LogoutEvent
from django_logout.signals import session_ended
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What ``session_ended`` has said."""
    said: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        said.append(kwargs)

    session_ended.connect(listen)
    yield said
    session_ended.disconnect(listen)


@pytest.fixture
def bob(other: Any) -> Client:
    """Another browser, another user."""
    client = Client()
    client.force_login(other)
    return client


def sessions_of(account: Any) -> list[Any]:
    """Ids of the sessions somebody has."""
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


def test_of_several_users(engine: str, ann: Client, bob: Client, django_user_model: Any) -> None:
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
    """The browser that asks stays signed in."""
    second = Client()
    second.force_login(user)

    def view(request: HttpRequest) -> HttpResponse:
        end_sessions(Target.others(request), request=request)
        return HttpResponse(request.user.get_username())

    settings.ROOT_URLCONF = routes(view)

    assert ann.get(OUT).content == b"ann"
    assert (logged_in_as(ann), logged_in_as(second)) == ("ann", "")


@pytest.mark.parametrize("scope", ["current", "user", "everyone"])
def test_whoever_ends_his_own_is_nobody_at_once(
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


def test_inside_a_transaction_it_is_told_after_the_commit(
    ann: Client, user: Any, heard: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Not before it is true."""
    caplog.set_level(logging.INFO, "django_logout")
    with transaction.atomic():
        end_sessions(Target.user(user))
        assert not heard
        assert not caplog.records

    assert len(heard) == 1
    assert caplog.records


def test_what_is_rolled_back_has_not_happened(ann: Client, user: Any, heard: list[Any]) -> None:
    """Nobody is told, and she is still signed in."""
    with transaction.atomic():
        end_sessions(Target.user(user))
        transaction.set_rollback(True)

    assert not heard
    assert logged_in_as(ann) == "ann"


def cart_view(**how: Any) -> Any:
    """A view that logs out and keeps what it is told to."""

    def view(request: HttpRequest) -> HttpResponse:
        result = logout(request, **how)
        assert isinstance(result, LogoutResult)
        return HttpResponse("out")

    return view


def fill(client: Client, settings: Any, view: Any) -> None:
    """Something to keep, something not to."""

    def put(request: HttpRequest) -> HttpResponse:
        request.session.update({"cart": ["beetle"], "theme": "dark", "secret": "hers"})
        return HttpResponse()

    settings.ROOT_URLCONF = routes(put)
    client.get(OUT)
    settings.ROOT_URLCONF = routes(view)


@pytest.mark.parametrize("keep", ["argument", "setting"])
def test_listed_keys_move_into_a_fresh_session(
    engine: str, ann: Client, settings: Any, keep: str
) -> None:
    """And nothing else does; the old one is dead, cart and all."""
    if keep == "setting":
        settings.LOGOUT = {"KEEP_SESSION_KEYS": ["cart", "theme", "absent"]}
        fill(ann, settings, cart_view())
    else:
        fill(ann, settings, cart_view(keep=("cart", "theme", "absent")))
    thief, old = copy_of(ann), ann.cookies["sessionid"].value

    ann.get(OUT)

    assert dict(ann.session) == {"cart": ["beetle"], "theme": "dark"}
    assert ann.cookies["sessionid"].value != old
    assert logged_in_as(ann) == logged_in_as(thief) == ""
    assert "cart" not in thief.session or engine == "signed_cookies"


def test_by_default_nothing_is_kept(engine: str, ann: Client, settings: Any) -> None:
    """And an empty list says the same, whatever the setting."""
    settings.LOGOUT = {"KEEP_SESSION_KEYS": ["cart"]}
    fill(ann, settings, cart_view(keep=()))

    ann.get(OUT)

    assert ann.cookies["sessionid"].value == ""


@pytest.mark.parametrize("key", ["_auth_user_id", "_auth_user_hash", "_auth_user_backend"])
def test_a_login_cannot_be_kept(ann: Client, settings: Any, key: str) -> None:
    """That would be no logout; and nothing is half done."""
    fill(ann, settings, cart_view(keep=("cart", key)))

    with pytest.raises(ValueError, match=key):
        ann.get(OUT)

    assert logged_in_as(ann) == "ann"


def test_a_guests_cart_is_kept_too(client: Client, settings: Any) -> None:
    """Nobody was logged in; the keys move all the same."""
    fill(client, settings, cart_view(keep=("cart",)))
    old = client.cookies["sessionid"].value

    client.get(OUT)

    assert dict(client.session) == {"cart": ["beetle"]}
    assert client.cookies["sessionid"].value != old


async def test_alogout_keeps_as_well(user: Any, settings: Any) -> None:
    """The same list."""

    async def view(request: HttpRequest) -> HttpResponse:
        await request.session.aset("cart", ["beetle"])
        await alogout(request, keep=("cart",))
        return HttpResponse(str(await request.session.aget("cart")))

    settings.ROOT_URLCONF = routes(view)
    client = AsyncClient()
    await client.aforce_login(user)

    assert (await client.get(OUT)).content == b"['beetle']"
    session = await client.asession()
    assert {key: await session.aget(key) for key in await session.akeys()} == {"cart": ["beetle"]}


def test_receivers_see_who_it_was_and_what_the_session_held(ann: Client, user: Any) -> None:
    """Django's contract for ``user_logged_out``."""
    seen: list[Any] = []

    def listen(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        seen.extend([sender, user, request.session.get("count")])

    ann.get("/write/")
    user_logged_out.connect(listen)
    ann.post(LOGOUT)
    user_logged_out.disconnect(listen)

    assert seen == [type(user), user, 1]


def test_logging_in_again_begins_a_new_session(engine: str, ann: Client) -> None:
    """With another id and another key."""
    ann.post(LOGOUT)

    ann.post("/login/", {"username": "ann", "password": "pw"})

    assert logged_in_as(ann) == "ann"
    assert LoginSession.objects.filter(ended_at__isnull=True).count() == 1
