"""``logout()`` and ``alogout()``: what the browser keeps, and what receivers see."""

from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from django_logout import LogoutResult, alogout, logout
from django_logout.models import LoginSession
from tests.clients import LOGOUT, copy_of, logged_in_as
from tests.urlconf import OUT, routes

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_cart_of_an_anonymous_visitor_is_kept(client: Client, settings: Any) -> None:
    """No user was logged in. The keys move all the same."""
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
